import { getConfig, setConfig } from '#contract/app.ts'
import { changeConfig, currentConfig } from '#controller/release/config.ts'
import { environmentOf } from '#controller/store/environments.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveConfig(http: Http, deps: Deps): void {
  serve(http, getConfig, async ({ app }) =>
    currentConfig(deps, { app, environment: await environmentOf(deps.db, app.id) }),
  )

  serve(http, setConfig, async ({ app, user, body, answer }) => {
    const environment = await environmentOf(deps.db, app.id)
    const place = { app, environment, userId: user.id }
    const { config, release } = await changeConfig(deps, place, body, user.email)
    if (release !== null) {
      answer.header('slipway-release', String(release.version))
      deps.kick(environment.id)
    }
    return config
  })
}
