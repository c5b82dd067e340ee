import * as account from './account.ts'
import * as app from './app.ts'
import * as build from './build.ts'
import type { Endpoint } from './endpoint.ts'
import * as log from './log.ts'
import * as process from './process.ts'
import * as push from './push.ts'
import * as release from './release.ts'

/** Every endpoint of the controller, in the order docs/api.json lists them. */
export const controllerEndpoints: readonly Endpoint[] = Object.freeze(
  [account, app, build, release, process, log, push].flatMap((room) =>
    Object.values<unknown>({ ...room }).filter(isEndpoint),
  ),
)

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value
}
