import http from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 40

/** Clients of every kind, each asking, waiting a little, and asking again. */
export class SoakLoad {
  readonly counts: Record<string, number> = {}
  readonly failed: string[] = []
  readonly #port: number
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
  readonly #loops: Promise<void>[] = []
  #isOver = false

  constructor(port: number) {
    this.#port = port
    for (let i = 0; i < 6; i += 1) {
      this.#repeat('kept GET', () => this.#ask(0, this.#agent))
      this.#repeat('kept POST', () => this.#ask(3000, this.#agent))
      this.#repeat('kept POST in chunks', () => this.#ask(200_000, this.#agent, true))
    }
    for (let i = 0; i < 2; i += 1) {
      this.#repeat('lone GET', () => this.#ask(0, false))
      this.#repeat('lone POST', () => this.#ask(3000, false))
      this.#repeat('upgrade', () => this.#upgrade())
      this.#repeat('abort', () => this.#abort())
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  #repeat(kind: string, once: () => Promise<void>): void {
    const loop = async (): Promise<void> => {
      while (!this.#isOver) {
        await once().catch((error: unknown) => this.failed.push(`${kind}: ${String(error)}`))
        this.counts[kind] = (this.counts[kind] ?? 0) + 1
        await sleep(Math.random() * 2 * pauseMs)
      }
    }
    this.#loops.push(loop())
  }

  #ask(size: number, agent: http.Agent | false, isChunked = false): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const method = size === 0 ? 'GET' : 'POST'
    const headers = {
      host: 'a.test',
      ...(size === 0 || isChunked ? {} : { 'content-length': size }),
    }
    const where = { host: '127.0.0.1', port: this.#port, agent, method, headers, timeout: 20_000 }
    const request = http.request(where, (answer) => {
      let text = ''
      answer.on('data', (bytes: Buffer) => (text += bytes.toString())).once('error', reject)
      answer.once('end', () => {
        if (text === String(size)) resolve()
        else reject(new Error(`${answer.statusCode} ${text.slice(0, 60)}`))
      })
    })
    request.once('error', reject).once('timeout', () => request.destroy(new Error('too late')))
    for (let left = size; left > 0; left -= 50_000)
      request.write('x'.repeat(Math.min(left, 50_000)))
    request.end()
    return promise
  }

  #upgrade(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const headers = { host: 'a.test', connection: 'Upgrade', upgrade: 'echo' }
    const where = { host: '127.0.0.1', port: this.#port, headers, agent: false as const }
    const request = http.get(where, () => reject(new Error('no upgrade')))
    request.once('error', reject)
    request.once('upgrade', (_, socket) => {
      socket.once('close', () => reject(new Error('closed before its echo')))
      socket.once('error', reject).write('echo')
      socket.once('data', () => {
        socket.end()
        resolve()
      })
    })
    return promise
  }

  /** Leaves in the middle of a body. */
  async #abort(): Promise<void> {
    const socket = net.connect(this.#port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9000\r\n\r\nhalf')
    await sleep(5 + Math.random() * 20)
    if (Math.random() < 0.5) socket.resetAndDestroy()
    else socket.destroy()
  }
}
