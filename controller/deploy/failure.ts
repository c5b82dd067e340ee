import type { TriedCheck } from '#contract/health-check.ts'
import { demandOf, type FailedCheck } from './check.ts'
import { dynoName, portOf, webType } from './copy.ts'
import type { Copy } from './copy.ts'

/** Why a deployment failed. */
export type Cause =
  | {
      /** It takes no connections, or does and has not passed its checks. */
      readonly kind: 'silent' | 'unchecked'
      readonly copy: Copy
      readonly afterMs: number
      readonly last: string
    }
  | {
      readonly kind: 'unhealthy'
      readonly copy: Copy
      readonly check: TriedCheck
      readonly last: string
    }
  | { readonly kind: 'exited'; readonly copy: Copy; readonly exitCode: number }
  | { readonly kind: 'out-of-memory'; readonly copy: Copy }
  | { readonly kind: 'task'; readonly copy: Copy; readonly end: TaskEnd }
  | { readonly kind: 'late'; readonly doing: string; readonly reason: string }

type TaskEnd = { readonly exitCode: number } | 'out-of-memory' | 'timeout'

export interface Circumstances {
  readonly app: string
  /** Version that goes on serving; null: there is none. */
  readonly kept: number | null
  readonly memoryBytes: number
}

/** What the pusher reads: one sentence that says what happened, and what to do. */
export interface Sentence {
  readonly error: string
  readonly hint: string
}

export function explain(cause: Cause, at: Circumstances): Sentence {
  const kept = at.kept === null ? '' : `; v${at.kept} keeps serving`
  return { error: `${happened(cause, at)}${kept}`, hint: advice(cause, at) }
}

function happened(cause: Cause, at: Circumstances): string {
  switch (cause.kind) {
    case 'silent':
      return `${dynoName(cause.copy)} did not answer on port ${portOf(cause.copy)} in ${seconds(cause.afterMs)} s (last: ${cause.last})`
    case 'unchecked':
      return `${dynoName(cause.copy)} did not pass its health checks in ${seconds(cause.afterMs)} s (last: ${cause.last})`
    case 'unhealthy':
      return `${dynoName(cause.copy)} ${checkFailed(cause)}`
    case 'exited':
      return `${dynoName(cause.copy)} exited with code ${cause.exitCode} right after it started`
    case 'out-of-memory':
      return `${dynoName(cause.copy)} ran out of memory (limit ${mebibytes(at)}) and was killed`
    case 'task':
      return `release task "${cause.copy.command}" ${taskHappened(cause.end, at)}`
    case 'late':
      return `${cause.doing} took too long (${cause.reason})`
  }
}

function taskHappened(end: TaskEnd, at: Circumstances): string {
  if (end === 'out-of-memory') return `ran out of memory (limit ${mebibytes(at)}) and was killed`
  if (end === 'timeout') return 'did not end in time and was stopped'
  return `exited with code ${end.exitCode}`
}

function advice(cause: Cause, at: Circumstances): string {
  switch (cause.kind) {
    case 'silent':
      return cause.last === 'timeout'
        ? `something inside ${dynoName(cause.copy)} drops connections to port ${portOf(cause.copy)}; see its output: app logs -a ${at.app}`
        : `the app must listen on $PORT (${portOf(cause.copy)}) on 0.0.0.0, not 127.0.0.1; see its output: app logs -a ${at.app}`
    case 'unchecked':
      return `what it must pass is in "healthchecks" of app.json; see its output: app logs -a ${at.app}`
    case 'unhealthy':
      return `${demandOf(cause.check)}; what needs longer gets more "attempts" or "initialDelay" in app.json; see its output: app logs -a ${at.app}`
    case 'exited':
      return exitAdvice(cause.copy, cause.exitCode, at)
    case 'out-of-memory':
      return `it must get along with ${mebibytes(at)}; see its output: app logs -a ${at.app}`
    case 'task':
      return `its output is above; try it by hand: app run -a ${at.app} ${quoted(cause.copy.command)}`
    case 'late':
      return `nothing is wrong with your code; when the platform is well again, push again or: app ps:restart -a ${at.app}`
  }
}

function exitAdvice(copy: Copy, exitCode: number, at: Circumstances): string {
  if (exitCode === 127 || exitCode === 126)
    return `its command cannot be run; check the line "${copy.type}:" of the Procfile`
  if (exitCode === 0)
    return `a process must stay in the foreground; check the line "${copy.type}:" of the Procfile`
  const where = copy.type === webType ? `, and listens on $PORT (${portOf(copy)})` : ''
  return `check that it runs on its own${where}; see its output: app logs -a ${at.app}`
}

/** `failed its health check "web check": GET /up answered 500 (3 tries)` */
export function checkFailed({ check, last }: Pick<FailedCheck, 'check' | 'last'>): string {
  return `failed ${nameOf(check)}: ${last} (${triesOf(check)})`
}

function nameOf({ name }: TriedCheck): string {
  return name === null ? 'its health check' : `its health check "${name}"`
}

function triesOf({ attempts }: TriedCheck): string {
  return attempts === 1 ? 'one try' : `${attempts} tries`
}

function mebibytes(at: Circumstances): string {
  return `${Math.round(at.memoryBytes / 1024 ** 2)}M`
}

function seconds(ms: number): string {
  return String(Math.round(ms / 1000))
}

function quoted(command: string): string {
  return `'${command.replaceAll("'", `'\\''`)}'`
}
