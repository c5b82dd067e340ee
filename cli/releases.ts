import type { Answer } from '#contract/call.ts'
import { listReleases } from '#contract/release.ts'
import type { Release } from '#contract/release.ts'
import type { Cli } from './cli.ts'
import { usage } from './failure.ts'

/** No server of ours gives more in one answer. */
const pageSize = 1000

/** The newest releases of an app, at most `count`, page by page. */
export async function fetchReleases(app: string, count: number, cli: Cli): Promise<Release[]> {
  const releases: Release[] = []
  let range: string | null = `version ..; order=desc,max=${Math.min(count, pageSize)}`
  while (range !== null && releases.length < count) {
    const { body, headers }: Answer<typeof listReleases> = await cli.exchange(listReleases, {
      params: { app },
      headers: { range },
    })
    releases.push(...body)
    range = body.length === 0 ? null : headers.get('next-range')
  }
  return releases.slice(0, count)
}

/** `v12` or `12` as the API takes it; `current` stays. */
export function releaseParam(text: string): string {
  const [, version] = /^v?(\d{1,9})$/.exec(text) ?? []
  if (version !== undefined) return version
  if (text === 'current' || /^[0-9a-f-]{36}$/.test(text)) return text
  throw usage(`"${text}" is not a release, such as v12.`, 'releases')
}
