import { listBuilds } from '#contract/build.ts'
import type { Build } from '#contract/build.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import { ago } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const builds = await cli.call(listBuilds, { params: { app } })
      cli.screen.answer(builds, () => (builds.length === 0 ? [] : table(head, builds.map(row))))
      if (builds.length === 0) {
        cli.screen.say(`"${app}" has no builds yet. Make the first: git push deis main`)
      }
    }),
    'app builds',
    'app builds -a shop --json',
  )

const head = ['BUILD', 'STATUS', 'COMMIT', 'BRANCH', 'RELEASE', 'BY', 'WHEN']

function row(build: Build): string[] {
  const status = build.stage === null ? build.status : `${build.status} (${build.stage})`
  return [
    build.id.slice(0, 8),
    status,
    build.commit.slice(0, 8),
    build.branch,
    build.release === null ? '' : `v${build.release.version}`,
    build.user.email,
    ago(build.created_at),
  ]
}
