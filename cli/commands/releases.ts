import type { Release } from '#contract/release.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples, wholeNumber } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'
import { fetchReleases } from '#cli/releases.ts'
import { table } from '#cli/table.ts'
import { ago } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('-n, --num <number>', 'how many', '15')
      .action(async ({ num }: { num: string }) => {
        const count = wholeNumber(num, 1, 100_000)
        if (count === undefined) throw usage(`"${num}" is not a number of releases.`, 'releases')
        const app = await appName(command, cli)
        const releases = await fetchReleases(app, count, cli)
        cli.screen.answer(releases, () =>
          releases.length === 0 ? [] : table(head, releases.map(row)),
        )
        if (releases.length === 0) {
          cli.screen.say(`"${app}" has no releases yet. Make the first: git push deis main`)
        }
      }),
    'app releases',
    'app releases -n 50 -a shop',
  )

const head = ['', 'VERSION', 'STATUS', 'DESCRIPTION', 'BY', 'WHEN']

function row({ current, version, status, description, user, created_at }: Release): string[] {
  const state = current ? 'current' : status === 'succeeded' ? '' : status
  return [current ? '*' : '', `v${version}`, state, description, user.email, ago(created_at)]
}
