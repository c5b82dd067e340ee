import * as account from './account.ts'
import * as app from './app.ts'
import * as bom from './bom.ts'
import * as build from './build.ts'
import * as buildpack from './buildpack.ts'
import * as cron from './cron.ts'
import * as domain from './domain.ts'
import * as edge from './edge.ts'
import type { Endpoint } from './endpoint.ts'
import * as log from './log.ts'
import * as process from './process.ts'
import * as push from './push.ts'
import * as release from './release.ts'
import * as sniEndpoint from './sni-endpoint.ts'
import * as source from './source.ts'
import * as stack from './stack.ts'
import * as space from './space.ts'
import * as ssh from './ssh.ts'
import * as why from './why.ts'

/** Every endpoint of the controller, in the order docs/api.json lists them. */
export const controllerEndpoints: readonly Endpoint[] = Object.freeze(
  [
    account,
    app,
    domain,
    sniEndpoint,
    edge,
    why,
    build,
    bom,
    buildpack,
    stack,
    source,
    space,
    release,
    process,
    cron,
    log,
    push,
    ssh,
  ].flatMap((room) => Object.values<unknown>({ ...room }).filter(isEndpoint)),
)

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value
}
