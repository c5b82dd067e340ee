import { failure } from '#contract/error.ts'
import { rollBack } from '#contract/release.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples, waits } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { showDeployment, whileDeploying } from '#cli/deployment.ts'
import { fetchReleases, releaseParam } from '#cli/releases.ts'

export const define: Define = (command, cli) =>
  examples(
    waits(aboutApp(command))
      .argument('[version]', 'the release to go back to (default: the one before the current)')
      .action(async (version: string | undefined, { wait }: { wait: boolean }) => {
        const wanted = version === undefined ? undefined : releaseParam(version)
        const app = await appName(command, cli)
        const release = wanted ?? (await previous(app, cli))
        const made = await cli.call(rollBack, { params: { app }, body: { release } })
        const target = { app, version: made.version }
        cli.screen.say(`Rolling "${app}" back to v${release}; this is v${made.version}.`)
        if (wait) await whileDeploying(target, cli, () => showDeployment(target, cli))
        cli.screen.answer(made, () => [])
      }),
    'app rollback',
    'app rollback v12 -a shop',
  )

/** The newest release with code before the current one that ran. Throws ROLLBACK_NOWHERE. */
async function previous(app: string, cli: Cli): Promise<string> {
  const releases = await fetchReleases(app, 100, cli)
  const current = releases.find((release) => release.current)
  const before = releases.find(
    ({ version, slug, status }) =>
      version < (current?.version ?? 0) && slug !== null && status === 'succeeded',
  )
  if (before === undefined) throw failure('ROLLBACK_NOWHERE', { app })
  return String(before.version)
}
