import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import type { Entry } from '#router/proxy/entry.ts'
import type { Limits } from '#router/proxy/limits.ts'
import type { Instance } from '#router/table/instance.ts'
import type { Site } from '#router/table/site.ts'
import { testCertificates } from './lines.ts'
import { bodyOf, dial, instanceAt, openRig, rawBackend } from './rig.ts'
import type { RawClient, Rig } from './rig.ts'

/** Two apps behind one proxy: `a.test`, which suffers, and `b.test`, which must not notice. */
export interface Stage extends Rig {
  /** Connections of clients that are open. */
  readonly open: number
  /** Connections that the bystander took, all told. */
  readonly bystanders: number
  readonly entries: Pick<Entry, 'status' | 'code'>[]
  /** Puts `a.test` in front of these ports. */
  route(...ports: number[]): void
  /** Asks the bystander once; fails the test unless its answer is to that question. */
  askBystander(): Promise<void>
  /** Asks it without pause until `over`; gives how often. */
  keepAsking(over: Promise<unknown>): Promise<number>
  /** Nobody is connected, nothing is under way, and no pool holds a connection. */
  settled(): Promise<void>
}

const host = 'Host: b.test\r\n'

export async function openStage(t: Test, limits: Partial<Limits> = {}): Promise<Stage> {
  const counts = { open: 0, asked: 0, bystanders: 0 }
  const entries: Pick<Entry, 'status' | 'code'>[] = []
  const observer = {
    ended: ({ status, code }: Entry) => void entries.push({ status, code }),
    connected: () => void (counts.open += 1),
    gone: () => void (counts.open -= 1),
  }
  const address = { host: '127.0.0.1', port: 0 }
  const secure = { address, tls: { certificates: await testCertificates() } }
  const rig = await openRig(t, limits, { observer, secure })
  const bystander = await noncesBackend(t, () => void (counts.bystanders += 1))
  const route = (...ports: number[]): void => {
    rig.routes.replace({
      number: rig.routes.number + 1,
      sites: [
        { app: 'a', environment: 'production', instances: ports.map(instanceAt) },
        { app: 'b', environment: 'production', instances: [instanceAt(bystander)] },
      ],
      rules: [
        { host: 'a.test', site: 'a/production' },
        { host: 'b.test', site: 'b/production' },
      ],
    })
  }
  route()
  const askBystander = async (): Promise<void> => {
    const nonce = `bystander-${(counts.asked += 1)}`
    const client = dial(t, rig.port)
    client.send(`GET /${nonce} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
    const answer = await allOf(client)
    if (bodyOf(answer) !== `/${nonce}` || client.ended !== 'fin')
      t.fail(`the bystander was hurt: ${JSON.stringify(answer.slice(0, 200))}`)
  }
  const sites = (): Site[] =>
    ['a.test', 'b.test'].flatMap((name) => rig.routes.find(name, '/')?.site ?? [])
  const pending = (): string => {
    const under = sites().map((site) => site.inFlight + site.waitingCount)
    const idle = sites().flatMap((site) => site.instances.map(connectionsOf))
    return [counts.open, ...under, ...idle].join(' ')
  }
  return {
    ...rig,
    get open() {
      return counts.open
    },
    get bystanders() {
      return counts.bystanders
    },
    entries,
    route,
    askBystander,
    keepAsking: async (over) => {
      let isOver = false
      void over.finally(() => (isOver = true)).catch(() => undefined)
      let times = 0
      for (; !isOver; times += 1) {
        await askBystander()
        await sleep(5)
      }
      return times
    },
    settled: async () => {
      const isClean = await soon(() => !/[1-9-]/.test(pending()))
      if (!isClean) t.fail(`clients, requests and pooled connections are left: ${pending()}`)
    },
  }
}

function connectionsOf(instance: Instance): number {
  return instance.idleCount + instance.inFlight + instance.tunnelCount
}

/** Whether it becomes true within 20 s. */
export async function soon(isTrue: () => boolean): Promise<boolean> {
  const late = Date.now() + 20_000
  while (!isTrue()) {
    if (Date.now() > late) return false
    await sleep(10)
  }
  return true
}

/** Answers each request that has no body with its target. Pipelining is none of its business. */
export function noncesBackend(t: Test, onConnection: () => void = () => {}): Promise<number> {
  return rawBackend(t, (socket) => {
    onConnection()
    let text = ''
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const target = text.slice(4, text.indexOf(' ', 4))
        text = text.slice(end + 4)
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`)
      }
    })
    socket.on('end', () => socket.end())
  })
}

/** All that came until the end, in order or not, however long that takes. */
export async function allOf(client: RawClient): Promise<string> {
  while (client.ended === 'open') await sleep(2)
  client.close()
  return client.text
}

/** What a client can know of an answer: it is whole, or it was visibly cut, or neither. */
export function fateOf({ text, ended }: Pick<RawClient, 'text' | 'ended'>): Fate {
  if (ended === 'reset') return 'cut'
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return 'cut'
  const body = text.slice(headEnd + 4)
  const head = text.slice(0, headEnd)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length !== undefined) return body.length < Number(length) ? 'cut' : 'whole'
  if (/\r\ntransfer-encoding: chunked/i.test(head))
    return /(^|\r\n)0\r\n([^\r]+\r\n)*\r\n$/.test(body) ? 'whole' : 'cut'
  return 'ended'
}

/** `ended`: in order, with nothing else to say where the end is. */
export type Fate = 'whole' | 'cut' | 'ended'

/** How much memory outside of JavaScript's heap `work` takes at most, in MiB. */
export async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  const now = (): number => process.memoryUsage().external / 2 ** 20
  const before = now()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, now())), 20)
  await work().finally(() => clearInterval(timer))
  return most - before
}

export function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy()
  // A reset while anything else is under way can fail in Node 24, and keeps the process from ending.
  else if (socket.writableEnded || socket.writableLength > 0 || socket.connecting) socket.destroy()
  else if (!socket.destroyed) socket.resetAndDestroy()
}
