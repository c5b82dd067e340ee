import { destroyApp, getApp } from '#contract/app.ts'
import { failure } from '#contract/error.ts'
import { appName, appOfUrl } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { removeRemote, remoteUrl } from '#cli/git.ts'
import { ask } from '#cli/input.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('--confirm <name>', 'the name of the app once more, instead of being asked for it')
      .action(async ({ confirm, remote }: { confirm?: string; remote: string }) => {
        const wanted = await appName(command, cli)
        const { name } = await cli.call(getApp, { params: { app: wanted } })
        if ((confirm ?? (await askFor(name, cli))) !== name) {
          throw failure('NOT_CONFIRMED', { app: name })
        }
        const app = await cli.call(destroyApp, { params: { app: name }, seconds: 120 })
        cli.screen.answer(app, () => [])
        cli.screen.say(`Destroyed "${name}", its releases, config and repository.`)
        await forgetRemote(name, remote, cli)
      }),
    'app destroy -a shop',
    'app destroy -a shop --confirm shop',
  )

async function askFor(name: string, cli: Cli): Promise<string> {
  if (!cli.screen.canAsk) throw failure('NOT_CONFIRMED', { app: name })
  const text = `This destroys "${name}" with its releases, config and repository.\nType its name: `
  return (await ask({ text, what: 'The name', command: 'app destroy' }, cli)).trim()
}

async function forgetRemote(name: string, remote: string, cli: Cli): Promise<void> {
  const url = await remoteUrl(remote, cli)
  if (url === undefined || appOfUrl(url) !== name) return
  if (await removeRemote(remote, cli)) cli.screen.say(`Removed the git remote "${remote}".`)
}
