import { createApp } from '#contract/app.ts'
import type { App } from '#contract/app.ts'
import type { Cli } from '#cli/cli.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { addRemote, branchToPush, isRepository, remoteUrl } from '#cli/git.ts'

export const define: Define = (command, cli) =>
  examples(
    command
      .argument('[name]', 'its name, the first part of its address (default: one is made up)')
      .option('-r, --remote <name>', 'the git remote to add', 'deis')
      .option('--no-remote', 'add no git remote')
      .action(async (name: string | undefined, { remote }: { remote: string | false }) => {
        const app = await cli.call(createApp, { body: name === undefined ? {} : { name } })
        cli.screen.answer(app, () => `${app.web_url} | ${app.git_url}`)
        cli.screen.say(`Made the app "${app.name}".`)
        for (const line of await connect(app, remote, cli)) cli.screen.say(line)
      }),
    'app create',
    'app create shop',
    'app create shop-staging --remote staging',
  )

/** Adds the remote where one can be; what to tell about it and what to do next. */
async function connect(app: App, remote: string | false, cli: Cli): Promise<string[]> {
  const { paint } = cli.screen
  const hint = paint('cyan', 'hint:')
  if (remote === false) return [`${hint} git remote add deis ${app.git_url}`]
  const add = `git remote add ${remote} ${app.git_url}`
  if (!(await isRepository(cli))) {
    return ['No git repository is here, so no remote was added.', `${hint} in yours: ${add}`]
  }
  const next = `${hint} git push ${remote} ${await branchToPush(cli)}`
  const present = await remoteUrl(remote, cli)
  if (present === app.git_url) return [`The git remote "${remote}" was there already.`, next]
  if (present !== undefined) {
    const change = `git remote set-url ${remote} ${app.git_url}`
    return [`The git remote "${remote}" stays as it is (${present}).`, `${hint} ${change}`]
  }
  if (await addRemote(remote, app.git_url, cli)) return [`Added the git remote "${remote}".`, next]
  return [`git did not take the remote "${remote}".`, `${hint} ${add}`]
}
