import type { Site } from '#router/table/site.ts'

const statuses: ReadonlySet<number> = new Set([502, 503, 504])

/** The page a site has for our own words about its app; null: it has none, or not for this status. */
export function errorPage(site: Site | null, status: number): string | null {
  if (site === null || !statuses.has(status)) return null
  return site.settings.error_page ?? null
}
