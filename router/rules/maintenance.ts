import type { Reply } from '#router/proxy/reply.ts'
import type { Site } from '#router/table/site.ts'

/** What is said while the app is closed; null: it is open. */
export function maintenanceOf({ settings }: Site): Reply | null {
  if (settings.maintenance !== true) return null
  const body = settings.maintenance_page ?? null
  return { status: 503, fields: 'Retry-After: 60\r\n', body, code: 'H80' }
}
