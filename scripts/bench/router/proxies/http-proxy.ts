import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Setting } from '#scripts/bench/router/setting.ts'
import { startPeer } from './proxy.ts'
import type { Proxy } from './proxy.ts'

/** The proxy that most Node programs use, over `node:http`. It is compared for small requests alone. */
export async function startHttpProxy({ appPort }: Setting): Promise<Proxy> {
  // Says at once, and by name, that the package is missing.
  createRequire(import.meta.url).resolve('http-proxy')
  const main = join(import.meta.dirname, 'http-proxy-main.ts')
  const peer = await startPeer('http-proxy', ({ http }) => {
    return { command: process.execPath, args: [main, String(http), String(appPort)] }
  })
  return { ...peer, httpsPort: null, hasHttp2: false }
}
