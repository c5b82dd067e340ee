import { once } from 'node:events'
import net from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'

/** Where an attack goes: to the router's listeners, for a host whose app is ours as well. */
export interface Target {
  readonly port: number
  readonly securePort: number
}

const host = 'Host: victim.localhost\r\n'
/** As many slow clients as the issue names. */
const slowClients = 400

/** Goes on until the process is ended; whatever breaks is begun again. */
export const attacks: Readonly<Record<string, (target: Target) => void>> = {
  '400 heads byte by byte': (target) =>
    many(slowClients, async () => {
      const socket = await dial(target)
      await drip(socket, `GET / HTTP/1.1\r\n${host}X-Slow: ${'x'.repeat(400)}`, 100)
    }),
  '400 bodies byte by byte': (target) =>
    many(slowClients, async () => {
      const socket = await dial(target)
      socket.write(`POST /sink HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\n`)
      await drip(socket, 'x'.repeat(1000), 100)
    }),
  '400 slow readers of 1 MB': (target) =>
    many(slowClients, async () => {
      const socket = await dial(target)
      socket.pause().write(`GET /1m HTTP/1.1\r\n${host}\r\n`)
      while (!socket.destroyed) {
        socket.read(2048)
        await sleep(200)
      }
    }),
  '20,000 requests sent ahead': (target) =>
    many(1, async () => {
      const socket = await dial(target)
      const last = `GET /small HTTP/1.1\r\n${host}Connection: close\r\n\r\n`
      socket.resume().write(`GET /small HTTP/1.1\r\n${host}\r\n`.repeat(19_999) + last)
      await closed(socket)
    }),
  'an app of endless heads': (target) => hostileApp(target, '/head'),
  'an app of endless chunk extensions': (target) => hostileApp(target, '/extension'),
  'refused connects': (target) =>
    many(10, async () => {
      const socket = await dial(target)
      const one = 'GET / HTTP/1.1\r\nHost: gone.localhost\r\n'
      socket.resume().write(`${one}\r\n`.repeat(100) + `${one}Connection: close\r\n\r\n`)
      await closed(socket)
    }),
  'HTTP/2: streams opened and reset': (target) =>
    many(4, async () => {
      const socket = await dialHttp2(target)
      const reset = Buffer.from([0, 0, 0, 8])
      for (let stream = 1; stream < 4000 && !socket.destroyed; stream += 2)
        socket.write(Buffer.concat([frame(1, 5, stream, getHead), frame(3, 0, stream, reset)]))
      await closed(socket)
    }),
  'HTTP/2: a head without end': (target) =>
    many(4, async () => {
      const socket = await dialHttp2(target)
      socket.write(frame(1, 0, 1, Buffer.from([0x82])))
      const piece = Buffer.concat([Buffer.from([0, 1, 120, 100]), Buffer.alloc(100, 'a')])
      for (let i = 0; i < 4000 && !socket.destroyed; i += 1) socket.write(frame(9, 0, 1, piece))
      await closed(socket)
    }),
  'HTTP/2: settings without end': (target) =>
    many(4, async () => {
      const socket = await dialHttp2(target)
      for (let i = 0; i < 4000 && !socket.destroyed; i += 1) socket.write(frame(4, 0, 0))
      await closed(socket)
    }),
}

/** An app on a port of its own; gives that port. */
export async function listenHostile(): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined).once('data', (bytes) => speak(socket, bytes.toString()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function speak(socket: Socket, request: string): void {
  const ok = 'HTTP/1.1 200 OK\r\n'
  const isHead = request.startsWith('GET /head')
  const block = (isHead ? 'X-A: b\r\n' : ';a=b').repeat(4000)
  socket.write(isHead ? ok : `${ok}Transfer-Encoding: chunked\r\n\r\n5`)
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  }
  socket.on('drain', more)
  more()
}

function hostileApp(target: Target, path: string): void {
  many(10, async () => {
    const socket = await dial(target)
    socket.resume().write(`GET ${path} HTTP/1.1\r\nHost: hostile.localhost\r\n\r\n`)
    await Promise.race([closed(socket), sleep(1000)])
    socket.destroy()
  })
}

function many(count: number, once: () => Promise<void>): void {
  const loop = async (): Promise<void> => {
    for (;;) {
      await once().catch(() => undefined)
      await sleep(10)
    }
  }
  for (let i = 0; i < count; i += 1) void loop()
}

async function dial({ port }: Target): Promise<Socket> {
  const socket = net.connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve()
    else socket.once('close', () => resolve())
  })
}

async function drip(socket: Socket, text: string, everyMs: number): Promise<void> {
  for (let at = 0; at < text.length && socket.writable; at += 1) {
    socket.write(text.charAt(at))
    await sleep(everyMs)
  }
  socket.destroy()
}

// HTTP/2, frame by frame.

async function dialHttp2({ securePort }: Target): Promise<Socket> {
  const socket = tls.connect({
    port: securePort,
    host: '127.0.0.1',
    servername: 'victim.localhost',
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  socket.resume().write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(frame(4, 0, 0))
  return socket
}

function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** `GET https /small` of the static table, and the authority. */
const getHead = Buffer.concat([
  Buffer.from([0x82, 0x87, 0x04, 6]),
  Buffer.from('/small'),
  Buffer.from([0x01, 'victim.localhost'.length]),
  Buffer.from('victim.localhost'),
])
