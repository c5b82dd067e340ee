import http from 'node:http'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { openNginx } from './nginx.ts'

/** An answer as a client reads it; `isWhole`: its end came as announced. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly isWhole: boolean
}

/** A connection's bytes from a server, and how they ended. */
export interface Heard {
  readonly bytes: Buffer
  readonly isReset: boolean
}

/** How node's client (llhttp) reads the first answer, asked over a socket that says these bytes. */
export async function readByNode(t: Test, heard: Heard): Promise<Answer | null> {
  const port = await replay(t, heard)
  return fetchFirst(port)
}

/** How nginx reads it: it stands between, and passes on what it understood. */
export async function openNginxReader(t: Test): Promise<(heard: Heard) => Promise<Answer | null>> {
  let said: Heard = { bytes: Buffer.alloc(0), isReset: false }
  const upstream = await replay(t, () => said)
  const port = await openNginx(
    t,
    (listen) => `server {
      listen ${listen};
      location / { proxy_pass http://127.0.0.1:${upstream}; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 1s; proxy_next_upstream off; }
    }`,
  )
  return (heard) => {
    said = { ...heard, bytes: withoutInterims(heard.bytes) }
    return fetchFirst(port)
  }
}

/** As a proxy nginx knows no interim answers at all. */
function withoutInterims(bytes: Buffer): Buffer {
  return Buffer.from(
    bytes.toString('latin1').replace(/^(?:HTTP\/1\.1 1[^]*?\r\n\r\n)+/, ''),
    'latin1',
  )
}

async function replay(t: Test, heard: Heard | (() => Heard)): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      const { bytes, isReset } = typeof heard === 'function' ? heard() : heard
      socket.write(bytes, () =>
        isReset ? setTimeout(() => socket.resetAndDestroy(), 20) : socket.end(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Null: it was no answer at all. */
function fetchFirst(port: number): Promise<Answer | null> {
  return new Promise((resolve) => {
    const request = http.get(
      { port, host: '127.0.0.1', agent: false, timeout: 3000 },
      (response) => {
        const chunks: Buffer[] = []
        const answer = (isWhole: boolean): void => {
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('latin1'),
            isWhole,
          })
        }
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => answer(response.complete))
        response.on('error', () => answer(false))
      },
    )
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(null))
  })
}
