import type { Test } from 'tap'
import type { Entry } from '#router/proxy/entry.ts'
import type { Answer } from './smuggling/answer-readers.ts'
import { openNginxReader, readByNode } from './smuggling/answer-readers.ts'
import type { Hostile } from './smuggling/answers.ts'
import { hostile } from './smuggling/answers.ts'
import { eachTransport as t } from './each-transport.ts'
import type { Rig } from './rig.ts'
import { dial, instanceAt, openRig, rawBackend } from './rig.ts'

const ask = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
const askOther = 'GET / HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n'
const other = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbystander'

interface Outcome {
  readonly bytes: Buffer
  readonly isReset: boolean
  /** Whether we hold the first answer for whole, or said it ourselves. */
  readonly isWhole: boolean
}

interface Stage {
  readonly rig: Rig
  readonly entries: Pick<Entry, 'status' | 'code'>[]
  say: Hostile
}

/** An app that answers as it is told to, and another beside it. */
async function openStage(t: Test): Promise<Stage> {
  const entries: Pick<Entry, 'status' | 'code'>[] = []
  const observer = { ended: ({ status, code }: Entry) => void entries.push({ status, code }) }
  const limits = { firstByteMs: 300, rollingMs: 300, headMs: 300, lingerMs: 50 }
  const rig = await openRig(t, limits, { observer })
  const stage: Stage = { rig, entries, say: { name: '', text: '' } }
  const evil = await rawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.write(stage.say.text, 'latin1')
      if (stage.say.closes === true) socket.end()
    })
  })
  const good = await rawBackend(t, (socket) => socket.on('data', () => socket.write(other)))
  rig.routes.replace({
    number: 1,
    sites: [
      { app: 'a', environment: 'production', instances: [instanceAt(evil)] },
      { app: 'b', environment: 'production', instances: [instanceAt(good)] },
    ],
    rules: [
      { host: 'a.test', site: 'a/production' },
      { host: 'b.test', site: 'b/production' },
    ],
  })
  return stage
}

/** Asks the hostile app, and over the same connection, if it lasts, the other one. */
async function play(t: Test, stage: Stage): Promise<Outcome> {
  stage.entries.length = 0
  const client = dial(t, stage.rig.port).send(ask + askOther)
  const text = await client.all().catch(() => client.text)
  const [first] = stage.entries
  const brokenOff = first?.code === 'H15' || first?.code === 'H17' || first?.code === 'H18'
  const isOurs = text.includes('<title>5')
  return {
    bytes: Buffer.from(text, 'latin1'),
    isReset: client.ended === 'reset',
    isWhole: isOurs || !brokenOff,
  }
}

function short(answer: Answer | null): string {
  return answer === null
    ? 'no answer'
    : `${answer.status} ${answer.isWhole ? 'whole' : 'broken'} ${answer.body.slice(0, 60)}`
}

t.test(
  'whatever an app answers, its client reads what we passed on, and nobody else is hurt',
  async (t) => {
    const stage = await openStage(t)
    const readByNginx = await openNginxReader(t)
    let served = 0
    for (const one of hostile) {
      stage.say = one
      const outcome = await play(t, stage)
      const text = outcome.bytes.toString('latin1')
      const isAnswered = stage.entries.length === 2
      if (isAnswered && !text.endsWith(other.slice(-9)))
        t.fail(`${one.name}: the bystander's answer is ${JSON.stringify(text.slice(-200))}`)
      served += isAnswered ? 1 : 0
      // The first answer alone, as its client reads it off the connection.
      const first = {
        ...outcome,
        bytes: isAnswered
          ? outcome.bytes.subarray(0, -other.length - 'Connection: close\r\n'.length)
          : outcome.bytes,
      }
      const byNode = await readByNode(t, first)
      const byNginx = await readByNginx(first)
      if (byNode?.isWhole !== outcome.isWhole && !(byNode === null && !outcome.isWhole)) {
        t.fail(
          `${one.name}: we ${outcome.isWhole ? 'passed it on whole' : 'broke it off'}, node reads ${short(byNode)} of ${JSON.stringify(text.slice(0, 300))}`,
        )
      }
      if (byNode?.isWhole === true && short(byNginx) !== short(byNode)) {
        t.fail(
          `${one.name}: node reads ${short(byNode)}, nginx ${short(byNginx)} of ${JSON.stringify(text.slice(0, 300))}`,
        )
      }
      if (
        text.split('HTTP/1.1 200 OK\r\nContent-Length: 6').length > 1 &&
        byNode?.body.includes('hidden') !== true
      )
        t.fail(`${one.name}: a second answer slipped through`)
    }
    t.ok(
      hostile.length >= 60 && served > hostile.length / 2,
      `${served} of ${hostile.length} connections lasted`,
    )
  },
)
