import { allOf, memoryOf, noncesBackend, openStage } from './abuse-rig.ts'
import type { Stage } from './abuse-rig.ts'
import { eachTransport as t } from './each-transport.ts'
import { bodyOf, dial } from './rig.ts'
import type { Test } from 'tap'

const count = 20_000

function requests(host: string): string {
  const line = (n: number): string =>
    `GET /${n} HTTP/1.1\r\nHost: ${host}\r\n${n === count - 1 ? 'Connection: close\r\n' : ''}\r\n`
  return Array.from({ length: count }, (_, n) => line(n)).join('')
}

/** Sends them all at once; gives what came back. */
async function pipeline(t: Test, stage: Stage, text: string): Promise<string> {
  return await allOf(dial(t, stage.port).send(text))
}

t.test('20,000 requests sent ahead are answered in order, one after the other', async (t) => {
  const stage = await openStage(t)
  stage.route(await noncesBackend(t))
  let answers = ''
  let asked = 0
  const memory = await memoryOf(async () => {
    const answering = pipeline(t, stage, requests('a.test'))
    asked = await stage.keepAsking(answering)
    answers = await answering
  })
  const bodies = answers.split('HTTP/1.1 200 OK\r\n').slice(1).map(bodyOf)
  t.equal(bodies.length, count)
  t.ok(bodies.every((body, n) => body === `/${n}`))
  t.ok(asked > 2, `the bystander was asked ${asked} times`)
  t.ok(memory < 100, `${memory.toFixed(0)} MiB`)
})

t.test('20,000 requests for nobody are answered, too, and others between them', async (t) => {
  const stage = await openStage(t)
  const answering = pipeline(t, stage, requests('nobody.test'))
  await stage.keepAsking(answering)
  t.equal((await answering).split('HTTP/1.1 404 ').length - 1, count)
})

t.test('who sends ahead and reads nothing is not read from', async (t) => {
  const stage = await openStage(t)
  stage.route(await noncesBackend(t))
  const client = dial(t, stage.port)
  client.socket.pause()
  const line = `GET /${'x'.repeat(7000)} HTTP/1.1\r\nHost: a.test\r\n\r\n`
  for (let i = 0; i < 10_000; i += 1) client.send(line)
  const memory = await memoryOf(async () => {
    let left = -1
    while (left !== client.socket.writableLength) {
      left = client.socket.writableLength
      await stage.keepAsking(new Promise((resolve) => setTimeout(resolve, 300)))
    }
  })
  t.ok(client.socket.writableLength > 1_000_000, 'it is held back')
  t.ok(memory < 50, `${memory.toFixed(0)} MiB`)
})
