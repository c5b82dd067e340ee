import { failure } from '#contract/error.ts'
import {
  addSniEndpoint,
  disableAutomatic,
  enableAutomatic,
  getAutomatic,
  getSniEndpoint,
  listSniEndpoints,
  removeSniEndpoint,
  updateSniEndpoint,
} from '#contract/sni-endpoint.ts'
import { addOwn, removeOwn, replaceOwn } from '#controller/certificate/own.ts'
import {
  certificatesOf,
  findCertificate,
  nameOf,
  standingOf,
  viewOf,
} from '#controller/certificate/view.ts'
import { recordDeed } from '#controller/store/audit.ts'
import { hostsOfApp, isManual, setManual, tryAgain } from '#controller/store/certificates.ts'
import type { AppRow, CertificateRow } from '#controller/store/tables.ts'
import { appOf } from './apps.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'

export function serveCertificates(http: Http, deps: Deps): void {
  const { db, now } = deps
  const { acme, kick } = deps.certificates
  const about = { db, now, acme }

  serve(http, listSniEndpoints, async ({ app }) => {
    const { rows, used } = await certificatesOf(about, app)
    return rows.map((row) => viewOf(app, row, used))
  })

  serve(http, getSniEndpoint, async ({ app, param }) => {
    const { row, all } = await findCertificate(about, app, param('certificate'))
    return viewOf(app, row, all.used)
  })

  serve(http, addSniEndpoint, async ({ app, user, body }) => {
    const row = await addOwn(deps, { app, actor: user.email }, body)
    kick()
    return viewOf(app, row, (await certificatesOf(about, app)).used)
  })

  serve(http, updateSniEndpoint, async ({ app, user, body, param }) => {
    const { row: old } = await findCertificate(about, app, param('certificate'))
    refuseAutomatic(old, app)
    const row = await replaceOwn(deps, { app, actor: user.email }, { old, brought: body })
    kick()
    return viewOf(app, row, (await certificatesOf(about, app)).used)
  })

  serve(http, removeSniEndpoint, async ({ app, user, param }) => {
    const { row, all } = await findCertificate(about, app, param('certificate'))
    refuseAutomatic(row, app)
    await removeOwn(deps, { app, actor: user.email }, row)
    kick()
    return viewOf(app, row, all.used)
  })

  serve(http, getAutomatic, async ({ app }) => ({
    acm: !(await isManual(db, app.id)),
    available: acme !== null,
    domains: await standingOf(about, app, await certificatesOf(about, app)),
  }))

  serve(http, enableAutomatic, async ({ app, user }) => {
    if (acme === null) throw failure('ACME_OFF', {})
    const at = now().toISOString()
    await setManual(db, app.id, null)
    await tryAgain(db, await hostsOfApp(db, app.id), at)
    await note(app, user.email, { at, action: 'certificate.auto_on' })
    return appOf(deps, app)
  })

  serve(http, disableAutomatic, async ({ app, user }) => {
    const at = now().toISOString()
    await setManual(db, app.id, { since: at })
    await note(app, user.email, { at, action: 'certificate.auto_off' })
    return appOf(deps, app)
  })

  async function note(
    app: AppRow,
    actor: string,
    { at, action }: { readonly at: string; readonly action: string },
  ): Promise<void> {
    await recordDeed(db, { at, actor, action, target: app.name })
    kick()
  }
}

/** Throws CERTIFICATE_AUTOMATIC. */
function refuseAutomatic(row: CertificateRow, app: AppRow): void {
  if (row.name === null) return
  throw failure('CERTIFICATE_AUTOMATIC', { app: app.name, certificate: nameOf(row) })
}
