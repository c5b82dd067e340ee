import { setConfig } from '#contract/app.ts'
import type { Cli } from './cli.ts'
import { showDeployment, whileDeploying } from './deployment.ts'

export interface ConfigChange {
  readonly app: string
  /** null unsets. */
  readonly change: Readonly<Record<string, string | null>>
  readonly wait: boolean
  /** `Set` or `Unset`. */
  readonly did: string
}

/** Changes config and shows how the release that comes of it is deployed. Values are never shown. */
export async function changeConfig(
  { app, change, wait, did }: ConfigChange,
  cli: Cli,
): Promise<void> {
  const { screen } = cli
  const answer = await cli.exchange(setConfig, { params: { app }, body: { ...change } })
  const version = madeRelease(answer.headers)
  const keys = Object.keys(change).join(', ')
  if (version === undefined) {
    screen.say('Nothing changed, so no release was made.')
  } else {
    screen.say(`${did} ${keys} of "${app}"; this is v${version}.`)
    if (wait) await whileDeploying({ app }, cli, () => showDeployment({ app, version }, cli))
  }
  screen.answer(answer.body, () => [])
}

/** `Slipway-Release: 12` (or `v12`), when the change made a release. */
function madeRelease(headers: Headers): number | undefined {
  const [, version] = /^v?(\d+)$/.exec(headers.get('slipway-release') ?? '') ?? []
  return version === undefined ? undefined : Number(version)
}
