/** A component of a CycloneDX 1.6 document. */
export interface Component {
  readonly type: 'library' | 'operating-system'
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly purl?: string
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
}

/** What a lock file says of a package. */
export interface Locked {
  readonly name: string
  readonly version: string
  /** As npm writes it: `sha512-…`. */
  readonly integrity?: string
}

/** Ecosystems as package URLs know them. */
export type Ecosystem =
  | 'npm'
  | 'jsr'
  | 'pypi'
  | 'golang'
  | 'cargo'
  | 'gem'
  | 'composer'
  | 'hex'
  | 'maven'

export function componentOf(ecosystem: Ecosystem, { name, version, integrity }: Locked): Component {
  const purl = purlOf(ecosystem, name, version)
  const hashes = integrity === undefined ? [] : hashesOf(integrity)
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(hashes.length === 0 ? {} : { hashes }),
  }
}

/** `pkg:npm/%40scope/name@1.2.3` */
function purlOf(ecosystem: Ecosystem, name: string, version: string): string {
  const plain = ecosystem === 'pypi' ? name.toLowerCase().replace(/[_.]+/g, '-') : name
  const parts = (ecosystem === 'maven' ? plain.replace(':', '/') : plain).split('/')
  const type = ecosystem === 'jsr' ? 'generic' : ecosystem
  return `pkg:${type}/${parts.map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}`
}

const algorithms: Readonly<Record<string, { readonly alg: string; readonly bytes: number }>> = {
  sha1: { alg: 'SHA-1', bytes: 20 },
  sha256: { alg: 'SHA-256', bytes: 32 },
  sha384: { alg: 'SHA-384', bytes: 48 },
  sha512: { alg: 'SHA-512', bytes: 64 },
}

function hashesOf(integrity: string): { alg: string; content: string }[] {
  return integrity.split(/\s+/).flatMap((one) => {
    const [, name = '', value = ''] = /^(sha\d+)-([A-Za-z0-9+/=]+)$/.exec(one) ?? []
    const known = algorithms[name]
    const hash = Buffer.from(value, 'base64')
    const isWhole = known !== undefined && known.bytes === hash.length
    return isWhole ? [{ alg: known.alg, content: hash.toString('hex') }] : []
  })
}
