import { PassThrough } from 'node:stream'
import { createInterface } from 'node:readline'
import type { CopySpec, Instance, OutputLine } from '#driver/driver.ts'
import { signalCodes } from './program.ts'
import type { Program } from './program.ts'

/** A fake container with one fake process in it. */
export class MemoryCopy {
  readonly spec: CopySpec
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly stderr = new PassThrough()
  /** All it wrote, unless somebody is attached. */
  readonly lines: OutputLine[] = []
  readonly ended: Promise<number>
  readonly #address: string
  readonly #told = new AbortController()
  readonly #end = Promise.withResolvers<number>()
  readonly #startedAtMs = Date.now()
  readonly #open = new Set(['stdout', 'stderr'])
  #exitCode: number | null = null
  #oomKilled = false

  constructor(spec: CopySpec, address: string) {
    this.spec = spec
    this.#address = address
    this.ended = this.#end.promise
  }

  /** Runs its process; `onEnd` is called once, however it ends. */
  run(program: Program, onEnd: () => void): void {
    const { spec, stdin, stdout, stderr } = this
    const told = this.#told.signal
    void this.ended.then(onEnd)
    program({ spec, address: this.#address, stdin, stdout, stderr, told }).then(
      (code) => this.end(code),
      () => this.end(signalCodes[String(told.reason)] ?? 1),
    )
  }

  /** Keeps what it writes as lines; calls back for each, and when there will be no more. */
  record(onLine: () => void): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = createInterface({ input: this[stream] })
      lines.on('line', (text) => {
        this.lines.push({ atMs: Date.now(), stream, text })
        onLine()
      })
      lines.on('close', () => {
        this.#open.delete(stream)
        onLine()
      })
    }
  }

  /** It has ended and its last line was kept. */
  get isDrained(): boolean {
    return this.#open.size === 0
  }

  signal(name: string): void {
    if (name === 'SIGKILL') this.end(137)
    this.#told.abort(name)
  }

  /** Ends it now; its process is told as well, so that a server stops listening. */
  end(code: number, { oomKilled = false } = {}): void {
    if (this.#exitCode !== null) return
    this.#exitCode = code
    this.#oomKilled = oomKilled
    this.#told.abort('SIGKILL')
    this.stdout.end()
    this.stderr.end()
    this.#end.resolve(code)
  }

  /** What the fleet's list says of it. */
  see(): Instance {
    const { name, owner, deploymentId, release, type, index, port } = this.spec
    const isRunning = this.#exitCode === null
    return {
      name,
      owner,
      deploymentId,
      release,
      type,
      index,
      ...(port === undefined ? {} : { port }),
      state: isRunning ? 'running' : 'exited',
      address: isRunning ? this.#address : null,
      exitCode: this.#exitCode,
      oomKilled: this.#oomKilled,
      startedAtMs: this.#startedAtMs,
    }
  }
}
