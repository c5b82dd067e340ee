import { updateApp, type App } from '#contract/app.ts'
import type { Cli } from './cli.ts'

/** Says what of its repository an app is built from, from the next push on. */
export async function changeRepositoryPath(
  app: string,
  change: Pick<Partial<App>, 'root' | 'dockerfile' | 'dockerfile_target'>,
  done: string,
  cli: Cli,
): Promise<void> {
  const changed = await cli.call(updateApp, { params: { app }, body: change })
  cli.screen.answer(changed, () => [])
  cli.screen.say(`${done}, from the next push on.`)
}
