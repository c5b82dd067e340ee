import { readFields } from './protobuf.ts'
import type { Field } from './protobuf.ts'

/**
 * BuildKit's progress: `StatusResponse` of moby/buildkit `api/services/control/control.proto`, of
 * which we read vertexes (1: digest 1, name 3, cached 4, started 5) and logs (3: message 4).
 */
export interface Status {
  readonly steps: readonly Step[]
  /** What the steps printed. */
  readonly logs: readonly Buffer[]
}

interface Step {
  readonly digest: string
  readonly name: string
  readonly isCached: boolean
  readonly hasStarted: boolean
}

export function readStatus(message: Buffer): Status {
  const fields = [...readFields(message)]
  return {
    steps: fields.filter(({ id }) => id === 1).map(({ bytes }) => readStep(bytes)),
    logs: fields.filter(({ id }) => id === 3).flatMap(({ bytes }) => logOf(bytes)),
  }
}

function readStep(message: Buffer): Step {
  const fields = new Map([...readFields(message)].map((field) => [field.id, field]))
  const text = (id: number): string => fields.get(id)?.bytes.toString() ?? ''
  return {
    digest: text(1),
    name: text(3),
    isCached: fields.get(4)?.value === 1,
    hasStarted: fields.has(5),
  }
}

function logOf(message: Buffer): Buffer[] {
  const isText = ({ id }: Field): boolean => id === 4
  return [...readFields(message)].filter(isText).map(({ bytes }) => bytes)
}

/** `[2/3] RUN npm ci`, `[assets 1/2] COPY . .`; the others are BuildKit's own chores. */
const isStep = /^\[(?!internal\])/

/** Writes a build as its pusher reads it: each step once, when it starts, and what it prints. */
export function openProgress(write: (chunk: Buffer) => void): (status: Status) => void {
  const shown = new Set<string>()
  const show = ({ digest, name, isCached, hasStarted }: Step): void => {
    if (!hasStarted || shown.has(digest) || !isStep.test(name)) return
    shown.add(digest)
    write(Buffer.from(`${name}${isCached ? ' (cached)' : ''}\n`))
  }
  return ({ steps, logs }) => {
    steps.forEach(show)
    logs.forEach(write)
  }
}
