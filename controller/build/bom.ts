import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Bom } from '#contract/bom.ts'
import { failure } from '#contract/error.ts'
import { bomByHash } from '#controller/store/boms.ts'
import { slugById } from '#controller/store/builds.ts'
import type { AppRow, BuildRow, SlugRow, Store } from '#controller/store/tables.ts'

const decompress = promisify(gunzip)
const sizeLimit = 64 * 1024 ** 2

/** What a build is made of. Throws NO_SBOM for one that failed or was made before there were any. */
export async function bomOfBuild(db: Store, app: AppRow, build: BuildRow): Promise<Bom> {
  const slug = build.slug_id === null ? undefined : await slugById(db, build.slug_id)
  const list =
    slug?.bom === undefined || slug.bom === null ? undefined : await bomByHash(db, slug.bom)
  if (slug === undefined || list === undefined) {
    throw failure('NO_SBOM', { build: build.id.slice(0, 8), app: app.name })
  }
  const json = await decompress(Buffer.from(list, 'base64'), { maxOutputLength: sizeLimit })
  return documentOf(app.name, slug, JSON.parse(json.toString()) as Listed[])
}

interface Listed {
  readonly 'bom-ref': string
}

/** The same slug has the same document, to the last byte: no time is in it. */
function documentOf(app: string, slug: SlugRow, components: readonly Listed[]): Bom {
  const ref = `slug:${slug.digest}`
  const [, content = ''] = slug.digest.split(':')
  const component = {
    type: 'application',
    'bom-ref': ref,
    name: app,
    version: slug.commit_id,
    ...(/^[0-9a-f]{64}$/.test(content) ? { hashes: [{ alg: 'SHA-256', content }] } : {}),
    properties: [
      { name: 'slipway:stack', value: slug.stack },
      { name: 'slipway:builder', value: slug.buildpack },
    ],
  }
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(`${app} ${slug.commit_id} ${slug.digest}`)}`,
    version: 1,
    metadata: { tools: { components: [{ type: 'application', name: 'Slipway' }] }, component },
    components: [...components],
    dependencies: [{ ref, dependsOn: components.map((one) => one['bom-ref']) }],
  }
}

/** A UUID (version 8) that is the same for the same text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
  ]
  return [...parts, hex.slice(20, 32)].join('-')
}
