import { getApp } from '#contract/app.ts'
import { listStacks } from '#contract/stack.ts'
import type { Stack } from '#contract/stack.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await cli.call(getApp, { params: { app: await appName(command, cli) } })
      const stacks = await cli.call(listStacks)
      const rows = stacks.map((stack) => row(stack, app.stack.name, app.build_stack.name))
      cli.screen.answer(stacks, () => table(['STACK', 'BASE', ''], rows))
    }),
    'app stacks',
    'app stacks -a shop',
  )

function row({ name, base }: Stack, runs: string, next: string): string[] {
  const marks = [
    ...(name === runs ? ['runs'] : []),
    ...(name === next && next !== runs ? ['from the next push on'] : []),
  ]
  return [name, base, marks.join(', ')]
}
