import http from 'node:http'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { openNginx } from './nginx.ts'

/** What a server took a connection's bytes for: `METHOD target body`, whole requests only. */
type Reading = readonly string[]

/** A server of somebody else, asked how it reads. */
export interface Reader {
  readonly name: string
  read(bytes: Buffer): Promise<Reading>
}

/** Tells whether all that stands before it was read as we think; closes the connection. */
const mark = 'GET /mark HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
const patienceMs = 1500

/** node:http, which is llhttp, in both of its tempers; nginx in front of a node that notes what comes. */
export async function openReaders(t: Test): Promise<readonly Reader[]> {
  return [
    await nodeReader(t, 'node:http', {}),
    await nodeReader(t, 'node:http, lenient', { insecureHTTPParser: true }),
    await nginxReader(t),
  ]
}

async function nodeReader(t: Test, name: string, options: http.ServerOptions): Promise<Reader> {
  const notes = new Notes()
  const port = await notingServer(t, notes, options)
  return { name, read: (bytes) => notes.of(port, bytes) }
}

async function nginxReader(t: Test): Promise<Reader> {
  const notes = new Notes()
  const sink = await notingServer(t, notes, {})
  const port = await openNginx(
    t,
    (listen) => `server {
      listen ${listen}; client_body_timeout 1s; ignore_invalid_headers off;
      location / { proxy_pass http://127.0.0.1:${sink}; proxy_set_header Host $http_host; proxy_set_header X-Case $connection; }
    }`,
  )
  // One connection after the other, so that what the sink notes is of this one.
  let turn: Promise<unknown> = Promise.resolve()
  const read = (bytes: Buffer): Promise<Reading> => {
    const mine = turn.then(() => notes.of(port, bytes))
    turn = mine
    return mine
  }
  return { name: 'nginx', read }
}

/** What a server noted since it was asked. */
class Notes {
  #noted: string[] = []
  #turn: Promise<unknown> = Promise.resolve()

  add(note: string): void {
    this.#noted.push(note)
  }

  of(port: number, bytes: Buffer): Promise<Reading> {
    const mine = this.#turn.then(async () => {
      this.#noted = []
      await say(port, bytes)
      return this.#noted.filter((note) => !note.startsWith('GET /mark'))
    })
    this.#turn = mine
    return mine
  }
}

async function notingServer(t: Test, notes: Notes, options: http.ServerOptions): Promise<number> {
  const server = http.createServer(options, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url } = request
      notes.add(`${method} ${url} ${Buffer.concat(chunks).toString('latin1')}`)
      response.end()
    })
  })
  server.on('upgrade', (request, socket) => {
    notes.add(`${request.method} ${request.url} `)
    socket.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** Sends bytes and the mark, and waits until the other side has closed. */
function say(port: number, bytes: Buffer): Promise<void> {
  const socket = net.connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  socket.resume()
  socket.write(bytes)
  socket.write(mark)
  return new Promise((resolve) => {
    const late = setTimeout(() => socket.destroy(), patienceMs)
    socket.on('close', () => {
      clearTimeout(late)
      resolve()
    })
  })
}
