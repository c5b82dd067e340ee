import { posix } from 'node:path'
import type { Config } from '#contract/app.ts'
import type { CronEntry } from '#contract/cron.ts'
import type { HealthCheck } from '#contract/health-check.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { checkTree, treeShape } from '#builder/receive/tree.ts'
import { git, type Objects } from '#builder/git.ts'
import { Refused } from '#builder/refused.ts'
import { lackingConfig, parseAppJson, type AppJson } from './app-json.ts'
import { choiceOfFiles, choiceOfSettings, type Choice } from './choice.ts'
import { parseHerokuYml, type HerokuYml } from './heroku-yml.ts'
import { parseProcfile } from './procfile.ts'
import type { BuildRequest } from './request.ts'
import { secretsOf } from './redact.ts'
import { treeWithout } from './slugignore.ts'
import { readTreeFiles } from './tree-files.ts'
import type { Voice } from './voice.ts'

/** The Dockerfile an app is built by. Paths are relative to the app. */
export interface DockerPlan {
  /** Directory that is the build context; empty: the app. */
  readonly context: string
  /** Relative to the context. */
  readonly dockerfile: string
  readonly target: string | null
  readonly args: Readonly<Record<string, string>>
  /** Types that the file of the app names instead of a Procfile; empty: none. */
  readonly processTypes: ProcessTypes
}

/** How a build goes, from all that the repository and the settings say. */
export interface BuildPlan {
  /** With the tree that is really built, and the config it is built with. */
  readonly request: BuildRequest
  /** Its `.slugignore`; empty: nothing. */
  readonly ignore: string
  readonly how:
    | ({ readonly kind: 'dockerfile' } & DockerPlan)
    /** Null: the buildpacks are detected. */
    | {
        readonly kind: 'packs'
        readonly choice: Choice | null
        readonly processTypes: ProcessTypes
      }
  /** Config the app gets with the release, since it has none of these keys. */
  readonly config: Config
  readonly formation: Readonly<Record<string, number>>
  /** Command that runs once, in the first deployment; null: none. */
  readonly postdeploy: string | null
  /** What web copies of the release must pass. */
  readonly healthChecks: readonly HealthCheck[]
  /** What the release runs by schedule. */
  readonly cron: readonly CronEntry[]
}

const names = ['Procfile', 'Dockerfile', 'app.json', 'heroku.yml', '.buildpacks', '.slugignore']

/** Reads what the repository says of its build. Throws Refused for what is malformed or lacking. */
export async function planBuild(
  pushed: BuildRequest,
  scratch: string,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuildPlan> {
  const { objects, checkout } = pushed
  const top = await subtreeOf(objects, pushed.tree, checkout.build?.root ?? '', signal)
  const files = await readTreeFiles(objects, top, names, signal)
  const appJson = parseAppJson(files.get('app.json') ?? '{}')
  const yaml = await yamlOf(files)
  // A Procfile that is wrong should not cost a whole build.
  parseProcfile(files.get('Procfile') ?? '')
  const ignore = files.get('.slugignore') ?? ''
  const tree = ignore === '' ? top : await treeWithout(objects, top, ignore, scratch, signal)
  const how = howOf(pushed, files, appJson, yaml)
  for (const note of notesOf(pushed, how, appJson, yaml)) voice.say('hint', note)
  const lacking = lackingConfig(withSetup(appJson.env, yaml), checkout.config, checkout.app.name)
  const config = { ...checkout.config, ...lacking.config }
  announce(lacking, checkout, voice)
  announceCron(appJson.cron, checkout, voice)
  return {
    request: { ...pushed, tree, checkout: { ...checkout, config } },
    ignore,
    how,
    config: lacking.config,
    formation: appJson.formation,
    postdeploy: appJson.postdeploy,
    healthChecks: appJson.healthChecks,
    cron: appJson.cron,
  }
}

async function yamlOf(files: ReadonlyMap<string, string | null>): Promise<HerokuYml | null> {
  const text = files.get('heroku.yml')
  return text === undefined || text === null ? null : parseHerokuYml(text)
}

/** Values of `setup.config` count like those of app.json, which wins. */
function withSetup(env: AppJson['env'], yaml: HerokuYml | null): AppJson['env'] {
  const setup = Object.entries(yaml?.config ?? {}).map(
    ([key, value]) => [key, { value, isSecret: false, isRequired: true }] as const,
  )
  return { ...Object.fromEntries(setup), ...env }
}

/** Says which keys are set, never their values, and hides those that are secret from now on. */
function announce(
  { config, made }: ReturnType<typeof lackingConfig>,
  { config: known, app, web_url }: BuildRequest['checkout'],
  voice: Voice,
): void {
  const keys = Object.keys(config)
  if (keys.length === 0) return
  const secret = Object.fromEntries(made.map((key) => [key, config[key] ?? '']))
  voice.hide(secretsOf({ ...known, ...secret }, [web_url, app.name]))
  const shown = keys.map((key) => (made.includes(key) ? `${key} (generated)` : key))
  voice.step(`Setting config that the app asks for: ${shown.join(', ')}`)
}

function announceCron(
  { length }: AppJson['cron'],
  { app }: BuildRequest['checkout'],
  voice: Voice,
): void {
  if (length === 0) return
  const commands = length === 1 ? 'one command' : `${length} commands`
  voice.step(`app.json: ${commands} by schedule (UTC); see when: app cron -a ${app.name}`)
}

/** What is said from outside wins over what the repository says, which wins over what is found. */
function howOf(
  { checkout }: BuildRequest,
  files: ReadonlyMap<string, string | null>,
  appJson: AppJson,
  yaml: HerokuYml | null,
): BuildPlan['how'] {
  const processTypes = yaml?.processTypes ?? {}
  const target = checkout.build?.target ?? null
  const plain = { context: '', target, args: {}, processTypes: {} }
  const chosen = choiceOfSettings(checkout.build, checkout.config)
  if (chosen !== null) return { kind: 'packs', choice: chosen, processTypes: {} }
  const dockerfile = checkout.build?.dockerfile ?? null
  if (dockerfile !== null) return { kind: 'dockerfile', ...plain, dockerfile }
  if (yaml !== null && yaml.dockerfile !== null)
    return { kind: 'dockerfile', ...dockerOf(yaml, target) }
  const listed = choiceOfFiles(files.get('.buildpacks'), appJson.buildpacks)
  if (listed !== null) return { kind: 'packs', choice: listed, processTypes }
  if (typeof files.get('Dockerfile') === 'string') {
    return { kind: 'dockerfile', ...plain, processTypes, dockerfile: 'Dockerfile' }
  }
  return { kind: 'packs', choice: null, processTypes }
}

/** There the context is the directory of the Dockerfile. */
function dockerOf(
  { dockerfile, target, args, processTypes }: HerokuYml,
  chosen: string | null,
): DockerPlan {
  const path = dockerfile ?? ''
  const context = posix.dirname(path) === '.' ? '' : posix.dirname(path)
  return { context, dockerfile: posix.basename(path), target: chosen ?? target, args, processTypes }
}

function notesOf(
  { checkout }: BuildRequest,
  how: BuildPlan['how'],
  appJson: AppJson,
  yaml: HerokuYml | null,
): string[] {
  const isUsed = how.kind === 'dockerfile' && how.dockerfile !== checkout.build?.dockerfile
  const isOverruled = yaml !== null && yaml.dockerfile !== null && !isUsed
  const unused = isOverruled ? ['heroku.yml is not used: the app has settings of its own'] : []
  return [...appJson.notes, ...(yaml?.notes ?? []), ...unused]
}

/** A subtree is looked at by itself: a link that stays in the repository may leave it. */
const subtreeLimits = { ...treeShape, totalBytes: Number.MAX_SAFE_INTEGER }

async function subtreeOf(
  objects: Objects,
  tree: string,
  root: string,
  signal: AbortSignal,
): Promise<string> {
  if (root === '') return tree
  const listing = await git(objects, ['ls-tree', '-d', '-z', tree, '--', root], {}, signal)
  const id = /^040000 tree ([0-9a-f]+)\t/.exec(listing.toString())?.[1]
  if (id === undefined) throw noRoot(root)
  await checkTree(objects, id, subtreeLimits, signal)
  return id
}

function noRoot(root: string): Refused {
  const message = `the commit has no directory ${root}, which is set to be the app`
  return new Refused('manifest', message, 'Set the right one: app root:set DIR, or app root:unset')
}
