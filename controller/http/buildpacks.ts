import {
  type BuildpackInstallation,
  listBuildpacks,
  packLabel,
  setBuildpacks,
} from '#contract/buildpack.ts'
import { changeBuildSettings } from '#controller/app/build-settings.ts'
import { buildSettingsOf } from '#controller/store/build-settings.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveBuildpacks(http: Http, deps: Deps): void {
  serve(http, listBuildpacks, async ({ app }) => {
    const { buildpacks } = await buildSettingsOf(deps.db, app.id)
    return buildpacks.map(show)
  })

  serve(http, setBuildpacks, async ({ app, user, body }) => {
    const wanted = { buildpacks: body.updates.map(({ buildpack }) => buildpack) }
    const { buildpacks } = await changeBuildSettings(deps, app, user.email, wanted)
    return buildpacks.map(show)
  })
}

function show(url: string, ordinal: number): BuildpackInstallation {
  return { ordinal, buildpack: { url, name: packLabel(url) } }
}
