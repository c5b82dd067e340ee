import { run, stream, type ProgramOptions } from './process.ts'

/** Where the objects of a push can be read: its repository and, until it is accepted, a quarantine. */
export interface Objects {
  readonly repository: string
  /** Empty, or the variables that name more folders of objects: the quarantine of a push under way. */
  readonly quarantine: Readonly<Record<string, string>>
}

/** With what lies in these folders of objects as well. */
export function withObjects(objects: Objects, folders: readonly string[]): Objects {
  const name = 'GIT_ALTERNATE_OBJECT_DIRECTORIES'
  const known = objects.quarantine[name]
  const all = [...(known === undefined ? [] : [known]), ...folders]
  return { ...objects, quarantine: { ...objects.quarantine, [name]: all.join(':') } }
}

/** What git sees of the world: nothing of the builder's environment, no configuration but ours. */
export const gitEnv: Readonly<Record<string, string>> = Object.freeze({
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
})

/** Settings of every git we run. `safe.directory`: the repositories are ours, whoever we run as. */
const settings = {
  'safe.directory': '*',
  'core.fsmonitor': 'false',
  'core.bigFileThreshold': '32m',
  'gc.auto': '0',
  'maintenance.auto': 'false',
}

/** The argument array of a git command in a repository. */
export function gitArgv(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): string[] {
  const pairs = Object.entries({ ...settings, ...more })
  return ['git', ...pairs.flatMap(([name, value]) => ['-c', `${name}=${value}`]), ...args]
}

/** Runs git on the objects of a push; its standard output. */
export function git(
  objects: Objects,
  args: readonly string[],
  options: ProgramOptions,
  signal: AbortSignal,
): Promise<Buffer> {
  return run(argvIn(objects, args), { ...options, env: envOf(objects, options) }, signal)
}

/** As `git`, with the output handed over as it comes. */
export function streamGit(
  objects: Objects,
  args: readonly string[],
  options: ProgramOptions,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  const env = envOf(objects, options)
  return stream(argvIn(objects, args), { ...options, env }, signal, onChunk)
}

function argvIn(objects: Objects, args: readonly string[]): string[] {
  return gitArgv([`--git-dir=${objects.repository}`, ...args])
}

function envOf(objects: Objects, options: ProgramOptions): Record<string, string> {
  return { ...gitEnv, ...objects.quarantine, ...options.env }
}
