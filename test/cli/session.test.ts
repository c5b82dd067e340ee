import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { errorBody, failure } from '#contract/error.ts'
import { runDyno } from '#contract/process.ts'
import { ended, openDesk } from './app.ts'
import { someDyno } from './canned.ts'

const exit = (code: number): Uint8Array => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(code)
  return bytes
}

t.test('run sends standard input, shows both outputs and ends as its command did', async (t) => {
  const desk = await openDesk(t)
  const input: Buffer[] = []
  desk.fake.onAttach((end) =>
    end.frames((kind, payload) => {
      if (kind === 'input') input.push(Buffer.from(payload))
      if (kind !== 'end') return
      end.send('stdout', Buffer.from('out\n'))
      end.send('stderr', Buffer.from('err\n'))
      end.send('exit', exit(3))
    }),
  )
  const got = await desk.app(['run', '-a', 'shop', 'cat', '-n'], { input: 'some\ninput' })
  t.same(got, { code: 3, stdout: 'out\n', stderr: 'err\n' })
  t.equal(Buffer.concat(input).toString(), 'some\ninput')
  t.match(desk.fake.last(runDyno)?.body, { command: 'cat -n', attach: true, tty: false })
})

t.test('run passes megabytes both ways, whole', async (t) => {
  const desk = await openDesk(t)
  desk.fake.onAttach((end) =>
    end.frames((kind, payload) => {
      if (kind === 'input') end.send('stdout', payload)
      if (kind === 'end') end.send('exit', exit(0))
    }),
  )
  const input = '0123456789abcdef'.repeat(256 * 1024)
  const got = await desk.app(['run', '-a', 'shop', 'cat'], { input })
  t.equal(got.code, 0)
  t.ok(got.stdout === input, 'the same came back')
})

t.test('run ends with its command though nobody closed standard input', async (t) => {
  const desk = await openDesk(t)
  desk.fake.onAttach((end) => end.send('exit', exit(0)))
  t.match(await ended(desk.start(['run', '-a', 'shop', 'true'])), { code: 0 })
})

t.test('Ctrl-C goes to the command, which decides how it ends', async (t) => {
  const desk = await openDesk(t)
  const isAttached = Promise.withResolvers<void>()
  desk.fake.onAttach((end) => {
    isAttached.resolve()
    end.frames((kind, payload) => {
      if (kind === 'signal') end.send('stdout', payload)
      if (kind === 'signal') end.send('exit', exit(42))
    })
  })
  const child = desk.start(['run', '-a', 'shop', 'sleep', '99'])
  const got = ended(child)
  await isAttached.promise
  child.kill('SIGINT')
  t.same(await got, { code: 42, stdout: 'SIGINT', stderr: '' })
})

t.test('a second Ctrl-C leaves a command that does not heed the first', async (t) => {
  const desk = await openDesk(t)
  const isAttached = Promise.withResolvers<void>()
  const isTold = Promise.withResolvers<void>()
  desk.fake.onAttach((end) => {
    isAttached.resolve()
    end.frames((kind) => {
      if (kind === 'signal') isTold.resolve()
    })
  })
  const child = desk.start(['run', '-a', 'shop', 'sleep', '99'])
  const got = ended(child)
  await isAttached.promise
  child.kill('SIGINT')
  await isTold.promise
  child.kill('SIGINT')
  t.match(await got, { code: 130 })
})

t.test('a line that breaks is told, and is not taken for the end of the command', async (t) => {
  const desk = await openDesk(t)
  desk.fake.onAttach((end) => end.cut())
  t.match(await desk.app(['run', '-a', 'shop', 'sleep', '99']), {
    code: 9,
    stderr: /^error: The server at .+ cannot be reached \(/,
  })
})

t.test('an attach address that is no longer good is told as the server tells it', async (t) => {
  const desk = await openDesk(t)
  const gone = createServer((_request, response) => {
    response.writeHead(404).end(JSON.stringify(errorBody(failure('STREAM_EXPIRED', {}), 'r-1')))
  }).listen(0, '127.0.0.1')
  await once(gone, 'listening')
  t.teardown(() => gone.close())
  const { port } = gone.address() as AddressInfo
  desk.fake.on(runDyno, () => ({
    body: someDyno('run.1', { attach_url: `http://127.0.0.1:${port}/attach/x` }),
  }))
  t.match(await desk.app(['run', '-a', 'shop', 'ls']), { code: 4, stderr: /^error: This stream/ })
})

t.test('--json without --detach is refused before anything runs', async (t) => {
  const desk = await openDesk(t)
  t.match(await desk.app(['run', '-a', 'shop', '--json', 'ls']), { code: 2 })
  t.equal(desk.fake.last(runDyno), undefined)
})

t.test('logs -f shows lines as they come, and Ctrl-C ends it with 130', async (t) => {
  const desk = await openDesk(t)
  desk.fake.onPath('/streams/log', (_request, response) => {
    response.write('2026-01-31T10:00:00.000Z app[web.1]: first\n')
    setTimeout(() => response.write('2026-01-31T10:00:01.000Z app[web.1]: second\n'), 100)
  })
  const child = desk.start(['logs', '-f', '-a', 'shop'])
  const got = ended(child)
  await new Promise<void>((done) => {
    child.stdout.on('data', (text: string) => text.includes('second') && done())
  })
  child.kill('SIGINT')
  t.match(await got, { code: 130, stdout: /first\n.+second\n$/, stderr: '' })
})

t.test('a log stream that breaks off is an error', async (t) => {
  const desk = await openDesk(t)
  desk.fake.onPath('/streams/log', (_request, response) => {
    response.write('a line\n', () => response.destroy())
  })
  t.match(await desk.app(['logs', '-f', '-a', 'shop']), { code: 9, stdout: /a line/ })
})
