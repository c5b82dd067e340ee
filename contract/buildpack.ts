import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'

/** One of the buildpacks an app is built with, in their order from 0. */
export const BuildpackInstallation = Type.Object({
  ordinal: Type.Integer(),
  buildpack: Type.Object({
    /** As it was given: a URL, or the short name of one of ours. */
    url: Type.String(),
    /** Short: `nodejs`, `github.com/org/pack#v2`. */
    name: Type.String(),
  }),
})
export type BuildpackInstallation = Static<typeof BuildpackInstallation>

export const listBuildpacks = endpoint({
  method: 'GET',
  path: '/apps/:app/buildpack-installations',
  summary: 'The buildpacks that were chosen for an app, in order; none: they are detected.',
  allow: 'app',
  reply: Type.Array(BuildpackInstallation),
  errors: ['APP_NOT_FOUND'],
})

export const setBuildpacks = endpoint({
  method: 'PUT',
  path: '/apps/:app/buildpack-installations',
  summary: 'Choose all buildpacks of an app; the next push is built with them.',
  allow: 'app',
  body: Type.Object({
    updates: Type.Array(Type.Object({ buildpack: Type.String({ maxLength: 1024 }) }), {
      maxItems: 20,
    }),
  }),
  reply: Type.Array(BuildpackInstallation),
  errors: ['APP_NOT_FOUND', 'BUILDPACK_INVALID'],
})

/** How an app is built, beside what its repository says. */
export const BuildSettings = Type.Object({
  buildpacks: Type.Array(Type.String()),
  /** Directory of the repository that is the app; empty: all of it. */
  root: Type.String(),
  /** Path of its Dockerfile below the root; null: as the repository says. */
  dockerfile: Type.Union([Type.String(), Type.Null()]),
  /** Stage of it to build; null: the last one, or as heroku.yml says. */
  target: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})
export type BuildSettings = Static<typeof BuildSettings>

/** What a buildpack was called by: `ours` is a short name, `url` a repository or an archive. */
export type PackReference =
  | { readonly kind: 'ours'; readonly name: string }
  | {
      readonly kind: 'git'
      readonly url: string
      /** Branch, tag or whole commit id; null: the default branch. */
      readonly ref: string | null
    }
  | { readonly kind: 'archive'; readonly url: string }

/** Somebody else's prefix (`vendor/nodejs`) is left off: the short name counts. */
const shortName = /^(?:urn:buildpack:)?(?:[a-z0-9-]+\/)?([a-z][a-z0-9-]{0,30})$/
const archiveName = /\.(tgz|tar\.gz|tar)$/
/** No `..`, nothing that could be an option. */
const refName = /^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$/

/**
 * Reads what a buildpack is called by. A text is why it cannot be one, to stand behind
 * `"…" cannot be a buildpack: `.
 */
export function readPackReference(text: string): PackReference | string {
  const name = shortName.exec(text)?.[1]
  if (name !== undefined) return { kind: 'ours', name }
  if (/^[\w.-]+@[\w.-]+:/.test(text)) return 'write its address as https://HOST/PATH.git'
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return 'it is neither a short name such as nodejs nor a URL'
  if (!['https:', 'http:', 'file:'].includes(url.protocol))
    return 'its URL must begin with https://'
  if (url.username !== '' || url.password !== '') return 'its URL may hold no user and no password'
  const ref = decodedRef(url)
  url.hash = ''
  if (archiveName.test(url.pathname)) {
    return ref === null ? { kind: 'archive', url: url.href } : 'an archive has no #ref'
  }
  if (ref !== null && !refName.test(ref)) return 'what follows # must be a branch, tag or commit'
  return { kind: 'git', url: url.href, ref }
}

function decodedRef({ hash }: URL): string | null {
  if (hash === '') return null
  try {
    return decodeURIComponent(hash.slice(1))
  } catch {
    return ' '
  }
}

/** `github.com/org/pack#v2`, `nodejs`: what people know a buildpack by. */
export function packLabel(text: string): string {
  const reference = readPackReference(text)
  if (typeof reference === 'string') return text
  if (reference.kind === 'ours') return reference.name
  const { host, pathname } = new URL(reference.url)
  const ref = reference.kind === 'git' && reference.ref !== null ? `#${reference.ref}` : ''
  return `${host}${pathname.replace(/\.git$/, '')}${ref}`.replace(/^\//, '')
}

/**
 * A path of a repository as it is kept: `./apps/web/` is `apps/web`, `.` is empty. Null: it leads out or
 * cannot be one.
 */
export function readRepositoryPath(text: string): string | null {
  // oxlint-disable-next-line no-control-regex -- those are what it is about
  if (text.length > 1024 || text.startsWith('/') || /[\u0000-\u001f\u007f\\]/.test(text))
    return null
  const parts = text.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.some((part) => part === '..' || part.toLowerCase() === '.git')) return null
  return parts.join('/')
}
