import { isConfigKey, processTypePattern } from '#contract/grammar.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { readRepositoryPath } from '#contract/buildpack.ts'
import { badManifest } from './bad-manifest.ts'
import { parseYaml } from './yaml.ts'

/** What `heroku.yml` asks for. */
export interface HerokuYml {
  /** Path of the one Dockerfile; null: it names none. */
  readonly dockerfile: string | null
  readonly target: string | null
  /** Build arguments. */
  readonly args: Readonly<Record<string, string>>
  /** Config the app gets where it has none. */
  readonly config: Readonly<Record<string, string>>
  /** Process types of `run`, and `release`; a type without a command runs the image's own. */
  readonly processTypes: ProcessTypes
  readonly notes: readonly string[]
}

const file = 'heroku.yml'
type Yaml = Readonly<Record<string, unknown>>

/** Throws Refused with the place and what to write instead. */
export async function parseHerokuYml(text: string): Promise<HerokuYml> {
  const yaml = mapAt(await parseYaml(text, file), '')
  const [build, setup, run] = ['build', 'setup', 'run'].map((name) => mapAt(yaml[name], name))
  const images = readImages(build?.['docker'])
  const dockerfile = oneDockerfile(images)
  return {
    ...dockerfile,
    args: textsAt(build?.['config'], 'build.config'),
    config: configAt(setup?.['config']),
    processTypes: { ...readRelease(yaml['release'], images), ...readRun(run ?? {}, images) },
    notes: notesOf(yaml, setup ?? {}, build ?? {}),
  }
}

function mapAt(value: unknown, place: string): Yaml {
  if (value === undefined || value === null) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as Yaml
  const where = place === '' ? 'holds no mapping' : `has no mapping at "${place}"`
  throw badManifest(file, where, 'Write lines such as "web: Dockerfile", indented by two spaces.')
}

interface Image {
  readonly type: string
  readonly dockerfile: string
  readonly target: string | null
}

function readImages(value: unknown): Image[] {
  return Object.entries(mapAt(value, 'build.docker')).map(([type, entry]) => {
    const place = `build.docker.${type}`
    refuseType(type, place)
    const { dockerfile, target } = typeof entry === 'string' ? { dockerfile: entry } : more(entry)
    const path = typeof dockerfile === 'string' ? readRepositoryPath(dockerfile) : null
    if (path === null || path === '') {
      throw badManifest(
        file,
        `has no path of a Dockerfile at "${place}"`,
        'Write "web: Dockerfile".',
      )
    }
    return { type, dockerfile: path, target: typeof target === 'string' ? target : null }
  })
}

function more(entry: unknown): { dockerfile?: unknown; target?: unknown } {
  return typeof entry === 'object' && entry !== null ? entry : {}
}

const typeName = new RegExp(processTypePattern)

function refuseType(type: string, place: string): void {
  if (typeName.test(type)) return
  const fix = 'A type is 1 to 63 letters, digits, - or _.'
  throw badManifest(file, `has no process type at "${place.slice(0, 100)}"`, fix)
}

/** A release runs one image; types may share it. */
function oneDockerfile(images: readonly Image[]): {
  dockerfile: string | null
  target: string | null
} {
  const [first, ...rest] = images
  if (first === undefined) return { dockerfile: null, target: null }
  const { dockerfile, target } = first
  const other = rest.find((image) => image.dockerfile !== dockerfile || image.target !== target)
  if (other === undefined) return { dockerfile, target }
  const what = `asks for two images, at "build.docker.${first.type}" and "build.docker.${other.type}"`
  const fix =
    'A release has one: let all types name the same Dockerfile, and say under "run" how each starts.'
  throw badManifest(file, what, fix)
}

function textsAt(value: unknown, place: string): Record<string, string> {
  const entries = Object.entries(mapAt(value, place)).map(([key, text]) => {
    if (['string', 'number', 'boolean'].includes(typeof text)) return [key, String(text)] as const
    throw badManifest(file, `has no text at "${place}.${key}"`, 'Write "NAME: value".')
  })
  return Object.fromEntries(entries)
}

function configAt(value: unknown): Record<string, string> {
  const config = textsAt(value, 'setup.config')
  const wrong = Object.keys(config).find((key) => !isConfigKey(key))
  if (wrong === undefined) return config
  const fix = 'A name is letters, digits and _; PORT and SLIPWAY_* are ours.'
  throw badManifest(
    file,
    `has a name at "setup.config.${wrong.slice(0, 130)}" that no config var can have`,
    fix,
  )
}

/** Types that are built and not in `run` start by the image's own command. */
function readRun(run: Yaml, images: readonly Image[]): ProcessTypes {
  const own = images.filter(({ type }) => type !== 'release').map(({ type }) => [type, ''] as const)
  const said = Object.entries(run).map(([type, entry]) => {
    refuseType(type, `run.${type}`)
    return [type, commandAt(entry, `run.${type}`, images)] as const
  })
  return Object.fromEntries([...own, ...said])
}

function readRelease(value: unknown, images: readonly Image[]): ProcessTypes {
  if (value === undefined || value === null) return {}
  return { release: commandAt(value, 'release', images) }
}

function commandAt(entry: unknown, place: string, images: readonly Image[]): string {
  if (typeof entry === 'string' && entry.trim() !== '') return entry.trim()
  const { command, image } = mapAt(entry, place)
  if (image !== undefined && !images.some(({ type }) => type === image)) {
    const fix = 'Name a type that "build.docker" has.'
    throw badManifest(file, `has no image that is built at "${place}.image"`, fix)
  }
  const lines = [command].flat()
  const [line] = lines
  if (lines.length === 1 && typeof line === 'string' && line.trim() !== '') return line.trim()
  if (command === undefined && image !== undefined && place !== 'release') return ''
  const what = command === undefined ? 'has no command' : 'has not one line of command'
  throw badManifest(file, `${what} at "${place}"`, 'Write the whole command on one line.')
}

function notesOf(yaml: Yaml, setup: Yaml, build: Yaml): string[] {
  const known = new Set(['setup', 'build', 'release', 'run'])
  const unknown = Object.keys(yaml).filter((name) => !known.has(name))
  return [
    ...('addons' in setup
      ? [`${file}: addons are not provided: give their addresses with app config:set`]
      : []),
    ...['languages', 'packages', 'pre']
      .filter((name) => name in build)
      .map((name) => `${file}: build.${name} is not used`),
    ...unknown.map((name) => `${file}: "${name.slice(0, 40)}" is not known and not used`),
  ]
}
