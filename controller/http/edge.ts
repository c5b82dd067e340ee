import { getEdge, setEdge } from '#contract/edge.ts'
import { changeEdge, currentEdge } from '#controller/domain/edge.ts'
import { shownEdge } from '#controller/domain/settings.ts'
import { environmentOf } from '#controller/store/environments.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveEdge(http: Http, deps: Deps): void {
  const { db, kick } = deps

  serve(http, getEdge, async ({ app }) =>
    shownEdge(await currentEdge(db, (await environmentOf(db, app.id)).id)),
  )

  serve(http, setEdge, async ({ app, user, body }) => {
    const environment = await environmentOf(db, app.id)
    const edge = await changeEdge(deps, { app, environment, user }, body)
    kick(environment.id)
    return shownEdge(edge)
  })
}
