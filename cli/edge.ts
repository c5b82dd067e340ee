import { setEdge } from '#contract/edge.ts'
import type { EdgeChange, EdgeSettings } from '#contract/edge.ts'
import type { Cli } from './cli.ts'

/** Changes what the router does for an app, and says so. */
export async function changeEdge(
  app: string,
  change: EdgeChange,
  done: string,
  cli: Cli,
): Promise<EdgeSettings> {
  const edge = await cli.call(setEdge, { params: { app }, body: change })
  cli.screen.answer(edge, () => [])
  cli.screen.say(done)
  return edge
}
