import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import net from 'node:net'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { openStage } from './abuse-rig.ts'
import type { Stage } from './abuse-rig.ts'
import { eachKind as t } from './each-transport.ts'
import { rawBackend } from './rig.ts'

/** Another seed finds other things: `SEED=7`; `FUZZ_MS` is how long each transport is tried. */
const seed = Number(process.env['SEED'] ?? 1)
const forMs = Number(process.env['FUZZ_MS'] ?? 3000)
const limits = {
  headMs: 300,
  bodyIdleMs: 300,
  firstByteMs: 300,
  rollingMs: 300,
  keepAliveMs: 300,
  instanceIdleMs: 300,
  lingerMs: 50,
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
class Dice {
  #state: number

  constructor(from: number) {
    this.#state = from
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  is(chance: number): boolean {
    return this.next() < chance
  }

  one<T>(some: readonly [T, ...T[]]): T {
    return some[this.below(some.length)] ?? some[0]
  }
}

const odd = ['\r', '\n', '\0', ' ', '\t', ':', ';', ',', '\xff', '0', '\r\n', '\r\n\r\n', '0\r\n\r\n', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'HTTP/1.1', 'Host: b.test\r\n', 'Connection: close\r\n'] as const // prettier-ignore

/** Some bytes changed, lost, doubled or put in between. */
function mutate(dice: Dice, text: string): string {
  let result = text
  for (let left = 1 + dice.below(3); left > 0; left -= 1) {
    const at = dice.below(result.length + 1)
    const length = dice.below(6)
    const [before, span, after] = [
      result.slice(0, at),
      result.slice(at, at + length),
      result.slice(at + length),
    ]
    result = before + dice.one(['', span + span, dice.one(odd), span + dice.one(odd)]) + after
  }
  return result
}

/** Writes a text in pieces, and may leave in the middle. */
async function say(dice: Dice, socket: Socket, text: string): Promise<void> {
  const end = dice.is(0.1) ? dice.below(text.length) : text.length
  for (let at = 0; at < end && !socket.destroyed;) {
    const size = dice.is(0.3) ? 1 + dice.below(4) : 1 + dice.below(2000)
    socket.write(text.slice(at, Math.min(at + size, end)), 'latin1')
    at += size
    if (dice.is(0.2)) await sleep(dice.below(3))
  }
  if (end < text.length) leave(dice, socket)
}

function leave(dice: Dice, socket: Socket): void {
  if (dice.is(0.5)) socket.destroy()
  else socket.end()
}

function chunks(dice: Dice, body: string): string {
  const cut = dice.below(body.length)
  const chunk = (text: string): string =>
    text === '' ? '' : `${text.length.toString(16)}${dice.one(['', ';a=b'])}\r\n${text}\r\n`
  const trailer = dice.one(['', 'X-T: 1\r\n'])
  return `${chunk(body.slice(0, cut))}${chunk(body.slice(cut))}0\r\n${trailer}\r\n`
}

/** A request that says its nonce in its target, and perhaps in its body. */
function request(dice: Dice, nonce: string): string {
  const method = dice.one(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'])
  const closes = dice.is(0.2) ? 'Connection: close\r\n' : ''
  const upgrade = dice.is(0.05) ? 'Connection: upgrade\r\nUpgrade: x\r\n' : ''
  const body = dice.is(0.5) ? `${nonce} `.repeat(1 + dice.below(100)) : ''
  const chunked = body !== '' && dice.is(0.5)
  const framing = chunked ? 'Transfer-Encoding: chunked\r\n' : body === '' ? '' : `Content-Length: ${body.length}\r\n` // prettier-ignore
  const head = `${method} /${nonce} HTTP/1.1\r\nHost: a.test\r\n${closes}${upgrade}${framing}\r\n`
  const text = head + (chunked ? chunks(dice, body) : body)
  return dice.is(0.4) ? mutate(dice, text) : text
}

/** An answer that says nothing but nonces that this connection was just asked with. */
function answer(dice: Dice, nonce: string): string {
  const body = `<${nonce}>`.repeat(1 + dice.below(200))
  const early = dice.is(0.1) ? `HTTP/1.1 103 Early\r\nX-N: <${nonce}>\r\n\r\n` : ''
  const status = dice.one(['200 OK', '404 Not Found', '500 Oops', '204 No', '304 Not', '101 Up'])
  const framing = dice.below(3)
  const fields = ['', `Content-Length: ${body.length}\r\n`, 'Transfer-Encoding: chunked\r\n'][
    framing
  ]
  const text = `${early}HTTP/1.1 ${status}\r\n${fields}\r\n${framing === 2 ? chunks(dice, body) : body}`
  return dice.is(0.3) ? mutate(dice, text) : text
}

/** Each connection answers with the nonce of what it was asked last, in whatever way. */
function fuzzingApp(t: Test, dice: Dice): Promise<number> {
  return rawBackend(t, (socket) => {
    if (dice.is(0.02)) return void socket.destroy()
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      const asked = [...text.matchAll(/ \/([0-9a-f]{16})[^\r]*HTTP\/1\.1\r\n/g)].at(-1)
      if (asked?.[1] === undefined || !text.includes('\r\n\r\n')) return
      text = ''
      void say(dice, socket, answer(dice, asked[1])).then(() => {
        if (dice.is(0.2)) leave(dice, socket)
      })
    })
    socket.on('end', () => socket.end())
  })
}

/** Which client made up which nonce. */
const asked = new Map<string, number>()

/** One client; whatever it is answered must be to what it asked. Gives how many answers it saw. */
async function fuzz(t: Test, stage: Stage, dice: Dice, client: number): Promise<number> {
  const isSecure = dice.is(0.2)
  const socket = isSecure
    ? connectTls({ port: stage.securePort, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false }) // prettier-ignore
    : net.connect({ port: stage.port, host: '127.0.0.1', allowHalfOpen: true })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  let text = ''
  socket
    .setNoDelay(true)
    .setEncoding('latin1')
    .on('error', () => undefined)
  socket.on('data', (piece: string) => (text += piece)).on('end', () => socket.end())
  const count = 1 + dice.below(4)
  for (let n = 0; n < count; n += 1) {
    // So long that nobody's becomes another's by accident.
    const nonce = Array.from({ length: 16 }, () => dice.below(16).toString(16)).join('')
    asked.set(nonce, client)
    await say(dice, socket, request(dice, nonce))
  }
  if (dice.is(0.3)) leave(dice, socket)
  await Promise.race([closed, sleep(2000)])
  if (!socket.destroyed) socket.destroy()
  const nonces = [...text.matchAll(/<([0-9a-f]{16})>/g)].map(([, nonce = '']) => asked.get(nonce))
  if (nonces.some((from) => from !== undefined && from !== client))
    t.fail(`seed ${seed}: client ${client} was given another's answer: ${JSON.stringify(text)}`)
  return text.split('HTTP/1.1 ').length - 1
}

t.test('whatever is said on either side, nobody is given what is not his', async (t) => {
  const stage = await openStage(t, limits)
  const dice = new Dice(seed)
  stage.route(await fuzzingApp(t, dice), await fuzzingApp(t, dice))
  const until = Date.now() + forMs
  let [clients, answers] = [0, 0]
  const fuzzing = Promise.all(
    Array.from({ length: 40 }, async () => {
      while (Date.now() < until) {
        const seen = await fuzz(t, stage, dice, (clients += 1))
        answers += seen
      }
    }),
  )
  await stage.keepAsking(fuzzing)
  await fuzzing
  t.comment(`${clients} clients, ${answers} answers`)
  t.ok(answers > clients / 4)
  await stage.settled()
})
