import { describeCheck } from '#contract/health-check.ts'
import { getRelease } from '#contract/release.ts'
import type { Release } from '#contract/release.ts'
import type { Receipt } from '#contract/watch.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { releaseParam } from '#cli/releases.ts'
import { facts } from '#cli/table.ts'
import { ago } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[version]', 'e.g. v12', 'current')
      .action(async (version: string) => {
        const params = { app: '', release: releaseParam(version) }
        params.app = await appName(command, cli)
        const release = await cli.call(getRelease, { params })
        cli.screen.answer(release, () => facts(describe(release)))
      }),
    'app releases:info',
    'app releases:info v12 --json',
  )

function describe(release: Release): Record<string, string | null> {
  const { slug, failure, process_types: types } = release
  const state = release.current ? `${release.status}, current` : release.status
  // A controller from before there were any tells none.
  const told: Partial<Release> = release
  const checks = (told.health_checks ?? []).map((check, at) => [
    `  check ${at + 1}`,
    describeCheck(check),
  ])
  const processes = Object.entries(types).map(([type, command]) => [`  ${type}`, command])
  return {
    Release: `v${release.version} of ${release.app.name}`,
    Description: release.description,
    Status: state,
    Failure: failure,
    Receipt: release.receipt === null ? null : inWords(release.receipt),
    By: release.user.email,
    When: `${ago(release.created_at)} (${release.created_at})`,
    Commit: slug?.commit ?? null,
    Slug: slug?.digest ?? null,
    'Config keys': release.config_keys.join(' '),
    Processes: processes.length === 0 ? null : ' ',
    ...Object.fromEntries(processes),
    'Health checks': checks.length === 0 ? null : ' ',
    ...Object.fromEntries(checks),
  }
}

/** `4,312 served, 12 held (longest 1.2 s), 0 failed` */
function inWords(receipt: Receipt): string {
  const { complete, served, held, failed, app_errors: errors, longest_hold_ms: holdMs } = receipt
  const hold = held === 0 ? '' : ` (longest ${seconds(holdMs)})`
  const own = errors === 0 ? '' : `; errors of the app itself: ${count(errors)}`
  const partly = complete ? '' : '; not all was counted, the router was started anew'
  return `${count(served)} served, ${count(held)} held${hold}, ${count(failed)} failed${own}${partly}`
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}
