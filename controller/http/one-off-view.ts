import type { Dyno } from '#contract/process.ts'
import { dynoName } from '#controller/deploy/copy.ts'
import type { OneOffMade } from '#controller/run/runs.ts'
import type { AppRow } from '#controller/store/tables.ts'

/** A one-off that was made just now; `base` is the URL the caller reaches us at. */
export function showOneOff(
  app: AppRow,
  { copy, releaseId, secret }: OneOffMade,
  { base, now }: { readonly base: string; readonly now: Date },
): Dyno {
  const at = now.toISOString()
  return {
    id: copy.name,
    name: dynoName(copy),
    type: copy.type,
    command: copy.command,
    state: 'starting',
    release: { id: releaseId, version: copy.release },
    app: { id: app.id, name: app.name },
    attach_url: secret === null ? null : `${base}/attach/${secret}`,
    created_at: at,
    updated_at: at,
  }
}
