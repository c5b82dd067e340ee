import { echoes, h2load, handshakes, wrk } from './load.ts'
import type { Load } from './load.ts'

/** A proxy we are measured against, and how many times its figure ours must be. */
interface Bar {
  readonly peer: Peer
  readonly times: number
}

export type Peer = 'nginx' | 'haproxy' | 'caddy' | 'http-proxy'

/** One kind of work, done by us and by those we are measured against. */
export interface Row {
  readonly name: string
  readonly over: 'http' | 'https' | 'http2'
  readonly load: Load
  readonly bars: readonly Bar[]
}

const [kib, mib] = [1024, 1024 ** 2]
const small: readonly Bar[] = [
  { peer: 'nginx', times: 1 },
  { peer: 'caddy', times: 4 },
  { peer: 'http-proxy', times: 6 },
]
const nginx = (times: number): readonly Bar[] => [{ peer: 'nginx', times }]
const haproxy = (times: number): readonly Bar[] => [{ peer: 'haproxy', times }]

/** What a browser sends with a page's request: 867 bytes. */
const browser = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  Accept:
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7',
  'Cache-Control': 'max-age=0',
  Connection: 'keep-alive',
  Cookie:
    '_session=8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab91; theme=dark; consent=1; visit=42',
  Referer: 'http://localhost/products/list?page=2&sort=price',
  'Sec-Ch-Ua': '"Chromium";v="131", "Not_A Brand";v="24"',
  'Sec-Ch-Ua-Mobile': '?0',
  'Sec-Ch-Ua-Platform': '"Linux"',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-User': '?1',
  'Upgrade-Insecure-Requests': '1',
}

/** In the order of the table. */
export const rows: readonly Row[] = [
  {
    name: '512 B GET, 64 connections',
    over: 'http',
    load: wrk({ connections: 64, path: '/small' }),
    bars: small,
  },
  {
    name: '512 B GET, 256 connections',
    over: 'http',
    load: wrk({ connections: 256, path: '/small' }),
    bars: small,
  },
  {
    name: 'browser-like head',
    over: 'http',
    load: wrk({ connections: 64, path: '/small', fields: browser }),
    bars: nginx(0.95),
  },
  {
    name: '1 KiB POST',
    over: 'http',
    load: wrk({ connections: 64, path: '/sink', postBytes: kib }),
    bars: nginx(1),
  },
  {
    name: '16 KiB GET',
    over: 'http',
    load: wrk({ connections: 64, path: '/16k' }),
    bars: nginx(1),
  },
  {
    name: '100 KiB GET',
    over: 'http',
    load: wrk({ connections: 64, path: '/100k' }),
    bars: haproxy(0.8),
  },
  {
    name: '100 KiB chunked',
    over: 'http',
    load: wrk({ connections: 64, path: '/chunked', fields: { Host: 'ws.localhost' } }),
    bars: haproxy(0.9),
  },
  {
    name: '100 KiB POST',
    over: 'http',
    load: wrk({ connections: 64, path: '/sink', postBytes: 100 * kib }),
    bars: haproxy(0.7),
  },
  {
    name: '10 MiB GET',
    over: 'http',
    load: wrk({ connections: 16, path: '/10m', bodyBytes: 10 * mib }),
    bars: haproxy(1.2),
  },
  { name: 'WebSocket echo 64 B', over: 'http', load: echoes(64), bars: nginx(0.75) },
  {
    name: 'connection per request',
    over: 'http',
    load: wrk({ connections: 64, path: '/small', fields: { Connection: 'close' } }),
    bars: nginx(0.85),
  },
  {
    name: 'TLS small (512 B GET)',
    over: 'https',
    load: wrk({ connections: 64, path: '/small' }),
    bars: nginx(0.9),
  },
  {
    name: 'TLS bulk (1 MiB GET)',
    over: 'https',
    load: wrk({ connections: 16, path: '/1m', bodyBytes: mib }),
    bars: nginx(0.95),
  },
  { name: 'TLS full handshakes', over: 'https', load: handshakes(16, 'full'), bars: nginx(0.7) },
  {
    name: 'TLS resumed handshakes',
    over: 'https',
    load: handshakes(16, 'resumed'),
    bars: nginx(0.5),
  },
  {
    name: 'HTTP/2, 8 × 16 streams',
    over: 'http2',
    load: h2load(8, 16, '/small'),
    bars: [
      { peer: 'nginx', times: 0.5 },
      { peer: 'caddy', times: 2 },
    ],
  },
]
