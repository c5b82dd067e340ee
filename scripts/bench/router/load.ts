import { join } from 'node:path'
import { loadCore, run } from './program.ts'

/** Where a load goes to. `tool` is the program built from `load/`. */
export interface Target {
  readonly port: number
  readonly isSecure: boolean
  readonly tool: string
}

/** What a load got done: requests, echoes or handshakes. */
export interface Work {
  readonly done: number
  readonly failed: number
}

export type Load = (target: Target, seconds: number, signal: AbortSignal) => Promise<Work>

const lua = (name: string): string => join(import.meta.dirname, `load/${name}.lua`)

interface WrkOptions {
  readonly connections: number
  readonly path: string
  readonly fields?: Readonly<Record<string, string>>
  /** The size of a body to post; without it the request is a GET. */
  readonly postBytes?: number
  /** Of an answer: then answers are counted by their bytes, since few of them end in time. */
  readonly bodyBytes?: number
  /** Asks that many hosts at random: `0.localhost`, `1.localhost`, … */
  readonly hosts?: number
}

/** Requests over connections that are kept, unless a field says otherwise. */
export function wrk(options: WrkOptions): Load {
  return async (target, seconds, signal) => {
    const { args, env } = wrkCommand(options, target, seconds)
    const output = await run({ core: loadCore, command: 'wrk', args, env }, signal)
    return { done: answers(output, options.bodyBytes), failed: failures(output) }
  }
}

function answers(output: string, bodyBytes: number | undefined): number {
  if (bodyBytes === undefined) return count(output, /(\d+) requests in/)
  const [, size, unit] = /([\d.]+)([KMG]?B) read/.exec(output) ?? []
  return (Number(size) * (units[unit ?? ''] ?? NaN)) / bodyBytes
}

const units: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }

function wrkCommand(
  { connections, path, fields = {}, postBytes, hosts }: WrkOptions,
  { port, isSecure }: Target,
  seconds: number,
): { args: string[]; env: Record<string, string> } {
  const args = ['-t1', `-c${connections}`, `-d${seconds}`, '--timeout', '10']
  for (const [name, value] of Object.entries(fields)) args.push('-H', `${name}: ${value}`)
  if (postBytes !== undefined) args.push('-s', lua('post'))
  if (hosts !== undefined) args.push('-s', lua('hosts'))
  args.push(`${isSecure ? 'https' : 'http'}://localhost:${port}${path}`)
  return { args, env: { POST_BYTES: String(postBytes), HOSTS: String(hosts) } }
}

/** Answers other than 2xx and 3xx, and connections that broke. */
function failures(output: string): number {
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output)
  return [...(broken?.slice(1) ?? []), refused?.[1] ?? '0'].reduce((sum, n) => sum + Number(n), 0)
}

/** HTTP/2 over TLS. */
export function h2load(connections: number, streams: number, path: string): Load {
  return async ({ port }, seconds, signal) => {
    const args = [`-c${connections}`, `-m${streams}`, `-D${seconds}`, '-t1']
    args.push(`--connect-to=127.0.0.1:${port}`, `https://localhost:${port}${path}`)
    const output = await run({ core: loadCore, command: 'h2load', args }, signal)
    return { done: count(output, /status codes: (\d+) 2xx/), failed: count(output, /(\d+) failed/) }
  }
}

/** Echoes of 64 bytes over WebSockets, one under way on each. */
export function echoes(connections: number): Load {
  return withTool('ws', connections)
}

/** TLS handshakes with nothing after them. */
export function handshakes(connections: number, kind: 'full' | 'resumed'): Load {
  return withTool('tls', connections, kind)
}

function withTool(load: string, connections: number, ...more: string[]): Load {
  return async ({ port, tool }, seconds, signal) => {
    const args = [load, `127.0.0.1:${port}`, String(connections), String(seconds), ...more]
    return JSON.parse(await run({ core: loadCore, command: tool, args }, signal)) as Work
  }
}

function count(output: string, pattern: RegExp): number {
  const match = pattern.exec(output)
  if (match === null) throw new Error(`a load says nothing that is understood: ${output}`)
  return Number(match[1])
}
