import { once } from 'node:events'
import http from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { openPlatform, until } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

const samples = [
  { sample: 'node', built: 'Node.js app detected' },
  { sample: 'python', built: 'Python app detected' },
  { sample: 'go', built: 'Go app detected' },
  { sample: 'static', built: 'Static' },
  { sample: 'dockerfile', built: 'Dockerfile' },
  { sample: 'web-worker', built: 'Node.js app detected' },
  { sample: 'slow-start', built: 'app detected' },
]

for (const { sample, built } of samples) {
  t.test(`a push of the ${sample} sample becomes a page`, async (t) => {
    const app = await slipway.newApp(sample)
    const push = await app.push()
    t.equal(push.code, 0, push.output)
    t.match(push.output, built)
    t.match(push.output, /success: v\d+ is live at /)
    t.equal((await app.get()).status, 200)
  })
}

t.test('a WebSocket echoes through the router and outlives nothing but its app', async (t) => {
  const app = await slipway.newApp('websocket')
  const push = await app.push()
  t.equal(push.code, 0, push.output)
  const socket = await openWebSocket(slipway.platform.httpPort, `${app.name}.localhost`)
  let heard = ''
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')))
  socket.write(textFrame('hello over there'))
  await until('the echo is heard', () => heard.includes('hello over there'))

  await app.change('change.txt', 'one more deploy')
  t.equal((await app.push()).code, 0)
  if (!socket.closed) await once(socket, 'close')
  t.ok(socket.closed, 'the old copy is gone, and its connection with it')
})

async function openWebSocket(port: number, host: string): Promise<Socket> {
  const headers = {
    host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from('sixteen bytes ok').toString('base64'),
  }
  const request = http.request({ host: '127.0.0.1', port, headers }).end()
  const [answer, socket] = (await once(request, 'upgrade')) as [http.IncomingMessage, Socket]
  if (answer.statusCode !== 101) throw new Error(`status ${answer.statusCode}`)
  return socket.on('error', () => undefined)
}

/** A short masked text frame, RFC 6455 section 5.2; the mask is zero. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}
