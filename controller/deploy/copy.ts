import { createHash } from 'node:crypto'
import { isLiveness, longestS, type HealthCheck, type TriedCheck } from '#contract/health-check.ts'
import { onceType, type DeploymentState, type ProcessTypes } from '#contract/release.ts'

/** One copy of a process type that should run. */
export interface Copy {
  /** Name of its container. */
  readonly name: string
  readonly deploymentId: string
  readonly release: number
  readonly type: string
  readonly index: number
  /** As the Procfile has it; empty: the command of the image. */
  readonly command: string
  /** Where a `web` copy listens, when its image says so. */
  readonly port?: number
  /** What a `web` copy must pass, once it takes connections; none: nothing more. */
  readonly checks?: readonly HealthCheck[]
  /** What it is started anew for when it fails it; none: nothing but its end. */
  readonly liveness?: readonly TriedCheck[]
}

/** A deployment and what it asks for. */
export interface Target {
  readonly id: string
  readonly version: number
  readonly state: DeploymentState
  readonly deadlineMs: number
  readonly copies: readonly Copy[]
  /** The one-off that runs before any copy starts. */
  readonly task: Copy | null
  /** What runs already is what it asks for: it takes over the copies of an earlier deployment. */
  readonly adopts?: boolean
}

/** Process types that are no copies: the release task, and the name one-offs go by. */
export const taskType = 'release'
export const oneOffType = 'run'
/** What runs by schedule are called: one-offs whose names say so. */
export const cronType = 'cron'
const cronPattern = new RegExp(`-${cronType}-\\d+$`)
export const webType = 'web'
/** Where a `web` copy must listen, unless its image exposes one port. */
const webPort = 5000

export function portOf({ port }: { readonly port?: number }): number {
  return port ?? webPort
}

/** How long the checks of copies may take at most; all checks are made side by side. */
export function checkingMs(copies: readonly Pick<Copy, 'checks'>[]): number {
  const all = copies.flatMap(({ checks = [] }) => checks)
  return Math.max(0, ...all.map((check) => longestS(check) * 1000))
}

/** Names on the engine are limited by what a host name may be. */
const nameLimit = 63

/** So much of a type is never cut: the kinds of one-offs are told by it. */
const shortType = 4

/**
 * Name of a copy, the same for the same copy whoever asks, and never that of another: the
 * deployment's id is in it. An app's name that does not fit is cut and marked by a digest.
 */
export function copyName(
  instance: string,
  app: string,
  deploymentId: string,
  type: string,
  index: number,
): string {
  const name = (middle: string, end: string): string =>
    `slw-${instance}-${middle}-${deploymentId.slice(0, 8)}-${end}-${index}`
  const whole = name(app, type)
  if (whole.length <= nameLimit) return whole
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 8)
  const room = nameLimit - name('', '').length - digest.length - 1
  const end = type.slice(0, Math.max(room - 6, shortType))
  return name(`${app.slice(0, Math.max(room - end.length, 0))}-${digest}`, end)
}

/** Whether it is a run by schedule; a process type may have that name too. */
export function isCronRun({ name, type }: Pick<Copy, 'name' | 'type'>): boolean {
  return type === oneOffType && cronPattern.test(name)
}

/** What people call it: `web.1`, `run.4821`, `cron.2`. */
export function dynoName(copy: Pick<Copy, 'name' | 'type' | 'index'>): string {
  return `${isCronRun(copy) ? cronType : copy.type}.${copy.index}`
}

export interface Making {
  readonly instance: string
  readonly app: string
  readonly deploymentId: string
  /** The deployment its copies are named after, when that is another. */
  readonly copiesOf?: string | null
  readonly release: number
  readonly processTypes: ProcessTypes
  /** The one its image exposes. */
  readonly port?: number
  /** Of its web copies. */
  readonly checks?: readonly HealthCheck[]
  /** Wanted copies by process type; see `quantityOf`. */
  readonly quantities: Readonly<Record<string, number>>
}

/** Every copy a deployment asks for, `web` first. */
export function copiesOf(making: Making): Copy[] {
  const types = Object.keys(making.processTypes).filter(isCopied)
  return types.toSorted(webFirst).flatMap((type) => {
    const quantity = quantityOf(making.quantities, type)
    return Array.from({ length: quantity }, (_, at) => copyOf(making, type, at + 1))
  })
}

/** What runs before copies start; `isFirst`: nothing of the environment was ever live. */
export function taskOf(making: Making, isFirst = false): Copy | null {
  const { [taskType]: task, [onceType]: once } = making.processTypes
  const command = isFirst ? inOrder(task, once) : task
  if (command === undefined) return null
  // Whosever the copies are, the task is run for this deployment.
  const own = { copiesOf: null, processTypes: { [taskType]: command } }
  return copyOf({ ...making, ...own }, taskType, 1)
}

function inOrder(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second
  // A comment at the end of a command would else swallow the bracket.
  const whole = (command: string): string =>
    command.includes('#') ? `(${command}\n)` : `(${command})`
  return `${whole(first)} && ${whole(second)}`
}

/** A type without a row in the formation has no copy. */
function quantityOf(quantities: Readonly<Record<string, number>>, type: string): number {
  return quantities[type] ?? 0
}

/** `web x2, worker x1` */
export function describeCopies(copies: readonly Copy[]): string {
  const counts = Map.groupBy(copies, (copy) => copy.type)
  return [...counts].map(([type, some]) => `${type} x${some.length}`).join(', ')
}

function isCopied(type: string): boolean {
  return type !== taskType && type !== onceType && type !== oneOffType
}

function webFirst(a: string, b: string): number {
  return Number(b === webType) - Number(a === webType) || (a < b ? -1 : 1)
}

function copyOf(making: Making, type: string, index: number): Copy {
  const { instance, app, deploymentId, release } = making
  const name = copyName(instance, app, making.copiesOf ?? deploymentId, type, index)
  const command = making.processTypes[type] ?? ''
  return { name, deploymentId, release, type, index, command, ...webOf(making, type) }
}

/** What only `web` copies have. */
function webOf(making: Making, type: string): Pick<Copy, 'port' | 'checks' | 'liveness'> {
  if (type !== webType) return {}
  const { port, checks: all = [] } = making
  const checks = all.filter((check) => !isLiveness(check))
  const liveness = all.filter(isLiveness)
  return {
    ...(port === undefined ? {} : { port }),
    ...(checks.length === 0 ? {} : { checks }),
    ...(liveness.length === 0 ? {} : { liveness }),
  }
}
