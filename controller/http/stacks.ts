import { getStack, listStacks, type Stack, stacks } from '#contract/stack.ts'
import { findStack } from '#controller/app/stack.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveStacks(http: Http, { config }: Deps): void {
  const show = (stack: (typeof stacks)[number]): Stack => ({
    ...stack,
    default: stack.name === config.stack,
    state: 'public',
  })
  serve(http, listStacks, async () => stacks.map(show))
  serve(http, getStack, async ({ param }) => show(findStack(param('stack'))))
}
