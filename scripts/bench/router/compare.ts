import { measure } from './measure.ts'
import type { Context } from './measure.ts'
import { startCaddy } from './proxies/caddy.ts'
import { startHaproxy } from './proxies/haproxy.ts'
import { startHttpProxy } from './proxies/http-proxy.ts'
import { startNginx } from './proxies/nginx.ts'
import { startOurs } from './proxies/ours.ts'
import type { Proxy } from './proxies/proxy.ts'
import { reportRows } from './report.ts'
import type { Result } from './report.ts'
import type { Peer, Row } from './rows.ts'
import type { Setting } from './setting.ts'

const startPeer: Readonly<Record<Peer, (setting: Setting) => Promise<Proxy>>> = {
  nginx: startNginx,
  haproxy: startHaproxy,
  caddy: startCaddy,
  'http-proxy': startHttpProxy,
}

/** Measures rows with those proxies that a bar names, and gives the table. */
export async function compare(asked: readonly Row[], context: Context): Promise<string[]> {
  const proxies: Proxy[] = []
  try {
    for await (const proxy of startAll(asked, context.setting)) proxies.push(proxy)
    const results: Result[] = []
    for (const row of asked) {
      const peers = new Set<string>(row.bars.map(({ peer }) => peer))
      const able = proxies.filter(({ name }) => isOurs(name) || peers.has(name))
      results.push({ row, figures: await measure(row, able, context) })
    }
    return reportRows(
      results,
      proxies.map(({ name }) => name).filter((name) => isOurs(name)),
    )
  } finally {
    await Promise.all(proxies.map(({ program }) => program.stop()))
  }
}

/** Ours by the transport it chooses itself, and by the other one where there are two; then the peers. */
async function* startAll(asked: readonly Row[], setting: Setting): AsyncGenerator<Proxy> {
  const ours = await startOurs(setting, { name: 'ours' })
  yield ours
  const env = { SLIPWAY_ROUTER_TRANSPORT: 'net' }
  if (ours.transport !== 'net') yield startOurs(setting, { name: 'ours over net', env })
  for (const peer of new Set(asked.flatMap(({ bars }) => bars.map((bar) => bar.peer)))) {
    yield startPeer[peer](setting)
  }
}

function isOurs(name: string): boolean {
  return name.startsWith('ours')
}
