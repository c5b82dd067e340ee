import { listCron, runCron } from '#contract/cron.ts'
import { failure } from '#contract/error.ts'
import type { Cron } from '#controller/cron/cron.ts'
import { cronJobs } from '#controller/cron/jobs.ts'
import { dynoName } from '#controller/deploy/copy.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { environmentOf } from '#controller/store/environments.ts'
import type { Deps } from './deps.ts'
import { showOneOff } from './one-off-view.ts'
import { type Http, serve } from './serve.ts'

export function serveCron(http: Http, { db, now }: Pick<Deps, 'db' | 'now'>, cron: Cron): void {
  serve(http, listCron, async ({ app }) =>
    cronJobs(db, (await environmentOf(db, app.id)).id, now()),
  )

  serve(http, runCron, async ({ app, user, param, base }) => {
    const named = param('number')
    if (!/^[1-9]\d{0,3}$/.test(named)) {
      throw failure('CRON_NOT_FOUND', { app: app.name, number: named.slice(0, 30) })
    }
    const { id: environmentId } = await environmentOf(db, app.id)
    const made = await cron.run({ app, environmentId }, Number(named))
    const deed = {
      actor: user.email,
      action: 'cron.run',
      target: `${app.name} ${dynoName(made.copy)}`,
    }
    await recordDeed(db, { at: now().toISOString(), ...deed })
    return showOneOff(app, made, { base, now: now() })
  })
}
