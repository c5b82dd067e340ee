import { EventEmitter, once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { EngineError } from '#driver/driver.ts'
import type { CommandSpec, CopySpec, Fleet, OneOff, OutputLine } from '#driver/driver.ts'
import { MemoryCopy } from './copy.ts'
import { idles } from './program.ts'
import type { Program } from './program.ts'

export interface FleetOptions {
  /** What the process of a copy is; unless told otherwise it idles. */
  readonly program?: (spec: CopySpec) => Program
  /** Called before each start, of a command too: may wait (slow) or throw (fails to start). */
  readonly beforeStart?: (spec: CopySpec, signal: AbortSignal) => Promise<void>
  /** Subnets said to be foreign. */
  readonly foreignSubnets?: readonly string[]
}

/** Copies as fake processes of this one. */
export class MemoryFleet implements Fleet {
  readonly #options: FleetOptions
  readonly #copies = new Map<string, MemoryCopy>()
  /** `change` with an environment id; `line` when any copy wrote one, or its last. */
  readonly #news = new EventEmitter().setMaxListeners(0)
  #isReachable = true
  #addresses = 0

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Makes every call fail as if the engine were down, or work again. */
  setReachable(isReachable: boolean): void {
    this.#isReachable = isReachable
  }

  /** Ends a copy's process from outside. */
  exit(name: string, code: number, options: { oomKilled?: boolean } = {}): void {
    this.#copies.get(name)?.end(code, options)
  }

  async start(spec: CopySpec, signal: AbortSignal): Promise<void> {
    this.#check(signal)
    if (this.#copies.has(spec.name)) return
    await this.#options.beforeStart?.(spec, signal)
    this.#check(signal)
    const copy = this.#add(spec)
    if (copy === null) return
    copy.record(() => this.#news.emit('line'))
    this.#run(copy)
  }

  async makeReady(signal: AbortSignal): Promise<void> {
    this.#check(signal)
  }

  async list({ environmentId }: { environmentId?: string }, signal: AbortSignal) {
    this.#check(signal)
    const all = [...this.#copies.values()].map((copy) => copy.see())
    return all.filter(
      ({ owner }) => environmentId === undefined || owner.environmentId === environmentId,
    )
  }

  async stop(name: string, graceMs: number, signal: AbortSignal): Promise<void> {
    this.#check(signal)
    const copy = this.#copies.get(name)
    if (copy === undefined) return
    copy.signal('SIGTERM')
    const grace = new AbortController()
    void copy.ended.then(() => grace.abort())
    const either = AbortSignal.any([signal, grace.signal])
    await pause(graceMs, undefined, { signal: either }).catch(() => signal.throwIfAborted())
    this.#remove(copy)
  }

  async attach(spec: CopySpec, _terminal: unknown, signal: AbortSignal): Promise<OneOff> {
    this.#check(signal)
    await this.#options.beforeStart?.(spec, signal)
    const copy = this.#add(spec)
    if (copy === null) throw new EngineError(`The one-off ${spec.name} exists already.`, false)
    this.#run(copy)
    const { stdin, stdout, stderr, ended: exit } = copy
    return {
      exit,
      stdin,
      stdout,
      stderr,
      resize: async () => undefined,
      signal: async (name) => copy.signal(name),
      close: async () => this.#remove(copy),
    }
  }

  /** As a fake process of its own, at the address of the copy. */
  async exec(spec: CommandSpec, signal: AbortSignal): Promise<number | null> {
    this.#check(signal)
    await this.#options.beforeStart?.(spec, signal)
    this.#check(signal)
    const address = this.#copies.get(spec.name)?.see().address ?? null
    if (address === null) throw new EngineError(`The copy ${spec.name} does not run.`, false)
    const process = new MemoryCopy(spec, address)
    process.run(this.#options.program?.(spec) ?? idles, () => undefined)
    const over = new AbortController()
    const limit = pause(spec.timeoutMs, null, { signal: AbortSignal.any([signal, over.signal]) })
    try {
      return await Promise.race([process.ended, limit])
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      over.abort()
      process.end(137)
    }
  }

  async wait(name: string, signal: AbortSignal): Promise<number> {
    this.#check(signal)
    const copy = this.#copies.get(name)
    if (copy === undefined) throw new EngineError(`The copy ${name} is gone.`, false)
    return Promise.race([copy.ended, rejectWhen(signal)])
  }

  async *output(
    name: string,
    { sinceMs, follow }: { sinceMs: number; follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<OutputLine> {
    this.#check(signal)
    const copy = this.#copies.get(name)
    if (copy === undefined) return
    for (let next = 0; ;) {
      for (; next < copy.lines.length; next += 1) {
        const line = copy.lines[next]
        if (line !== undefined && line.atMs >= sinceMs) yield line
      }
      if (copy.isDrained || (!follow && copy.see().state === 'running')) return
      await once(this.#news, 'line', { signal }).catch(() => signal.throwIfAborted())
    }
  }

  async watch(onChange: (environmentId: string) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.#news.on('change', onChange)
    await once(signal, 'abort')
    this.#news.off('change', onChange)
  }

  async removeNetwork(environmentId: string, signal: AbortSignal): Promise<void> {
    const left = await this.list({ environmentId }, signal)
    if (left.length > 0) throw new EngineError('The network still has copies on it.', false)
  }

  async foreignSubnets(signal: AbortSignal): Promise<string[]> {
    this.#check(signal)
    return [...(this.#options.foreignSubnets ?? [])]
  }

  #check(signal: AbortSignal): void {
    signal.throwIfAborted()
    if (this.#isReachable) return
    throw new EngineError('The container engine cannot be reached (it was told to be down).', true)
  }

  #add(spec: CopySpec): MemoryCopy | null {
    if (this.#copies.has(spec.name)) return null
    const copy = new MemoryCopy(spec, this.#nextAddress())
    this.#copies.set(spec.name, copy)
    return copy
  }

  #run(copy: MemoryCopy): void {
    const { owner } = copy.spec
    const program = this.#options.program?.(copy.spec) ?? idles
    copy.run(program, () => this.#news.emit('change', owner.environmentId))
    this.#news.emit('change', owner.environmentId)
  }

  #remove(copy: MemoryCopy): void {
    copy.signal('SIGKILL')
    this.#copies.delete(copy.spec.name)
    this.#news.emit('change', copy.spec.owner.environmentId)
  }

  /** All of 127.0.0.0/8 is this host, so each copy can listen on the same port at its own address. */
  #nextAddress(): string {
    this.#addresses += 1
    const process8 = process.pid & 255
    return `127.${1 + (process8 % 254)}.${(this.#addresses >>> 8) & 255}.${this.#addresses & 255}`
  }
}

async function rejectWhen(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  signal.throwIfAborted()
  throw new Error('unreachable')
}
