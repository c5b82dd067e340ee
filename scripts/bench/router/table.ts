import type { RouteRule, RouteSite, RouteTable } from '#contract/route.ts'
import type { Setting } from './setting.ts'

type Backends = Pick<Setting, 'appPort' | 'echoPort'>

interface Size {
  readonly number: number
  /** `0.localhost`, `1.localhost`, … beside `localhost` and `ws.localhost`. */
  readonly hosts: number
  /** Of one instance each. The hosts are spread over the first ten, so that connections are reused. */
  readonly sites: number
}

const askedSites = 10

/** A table of this size. */
export function tableOf(
  { appPort, echoPort }: Backends,
  { number, hosts, sites }: Size,
): RouteTable {
  const many = Array.from({ length: sites }, (_, i) => siteOf(`app-${i}`, appPort))
  return {
    number,
    sites: [siteOf('app', appPort), siteOf('echo', echoPort), ...many],
    rules: [
      { host: 'localhost', site: 'app/production' },
      { host: 'ws.localhost', site: 'echo/production' },
      ...Array.from({ length: hosts }, (_, i) => ruleOf(i)),
    ],
  }
}

function siteOf(app: string, port: number): RouteSite {
  const instance = { id: `${app}.production.v1.web.1`, release: 1, host: '127.0.0.1', port }
  return { app, environment: 'production', instances: [instance] }
}

/** Where the host of this number is routed to. */
export function ruleOf(host: number): RouteRule {
  return { host: `${host}.localhost`, site: `app-${host % askedSites}/production` }
}
