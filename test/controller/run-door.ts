import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { encodeFrame, FrameReader } from '#contract/attach.ts'
import type { FrameKind } from '#contract/attach.ts'
import { call } from '#contract/call.ts'
import type { CallOptions } from '#contract/call.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { readConfig } from '#controller/config.ts'
import { startCron } from '#controller/cron/cron.ts'
import { serveCron } from '#controller/http/cron.ts'
import { serveDeployments } from '#controller/http/deployments.ts'
import { serveDynos } from '#controller/http/dynos.ts'
import { serveLogs } from '#controller/http/logs.ts'
import { startServer } from '#controller/http/server.ts'
import { grantToken } from '#controller/member/grant.ts'
import { serveAttach } from '#controller/run/attach.ts'
import { openRuns } from '#controller/run/runs.ts'
import { userById } from '#controller/store/users.ts'
import { openWorld } from './deploy-world.ts'
import type { World, WorldOptions } from './deploy-world.ts'

export type Caller = <E extends Endpoint>(
  endpoint: E,
  options?: CallOptions<E>,
) => Promise<ReplyOf<E>>

interface DoorOptions extends WorldOptions {
  readonly clock?: () => Date
}

/** A world with the public door in front: calls are made as the app's owner. */
export async function openDoor(t: Test, options: DoorOptions = {}) {
  const world = await openWorld(t, options)
  const { deps, store, fleet, vault } = world
  const now = (): Date => new Date()
  const runs = openRuns(deps)
  const clock = options.clock ?? now
  const cron = startCron({ ...deps, runs, now: clock })
  const server = await startServer(
    {
      db: store,
      vault,
      log: deps.log,
      now,
      config: readConfig({ SLIPWAY_API_PORT: '0' }),
      outputs: world.folder,
      internalToken: 'internal',
      setupSecret: 'secret',
      news: deps.news,
      kick: () => world.deploys.kick(),
      certificates: { acme: null, kick: () => undefined },
      foreignSubnets: async () => [],
      lookUp: async () => [],
      router: deps.router,
      builder: { url: 'http://127.0.0.1:1', program: 'builder' },
    },
    [
      (http) => serveDynos(http, { db: store, now, fleet, deploys: world.deploys, runs }),
      (http) => serveCron(http, { db: store, now: clock }, cron),
      (http) => serveLogs(http, { db: store, now }, deps.logs),
      (http) => serveDeployments(http, { db: store }, deps.news),
      (http) => serveAttach(http, deps, runs),
    ],
  )
  t.teardown(async () => {
    await server.close()
    await cron.close()
    await runs.close()
  })
  const as = await callerOf(world, server.url)
  return { world, url: server.url, call: as, runs, cron, params: { app: 'shop' } }
}

async function callerOf({ store, app }: World, url: string): Promise<Caller> {
  const user = await userById(store, app.owner_id)
  if (user === undefined) throw new Error('no owner')
  const { access_token } = await grantToken(store, user, { now: new Date() })
  const peer = { url, token: access_token.token, program: 'controller' }
  return (endpoint, options) => call(peer, endpoint, options)
}

export interface Attached {
  send(kind: FrameKind, payload?: string | Uint8Array): void
  /** All that came, by kind, once the server ended the connection. */
  readonly ended: Promise<{ stdout: string; stderr: string; exit: number | null }>
  destroy(): void
}

/** Attaches as a client does; throws the answer's text when it was refused. */
export async function attachTo(url: string): Promise<Attached> {
  const opened = Promise.withResolvers<Duplex>()
  request(url, { headers: { connection: 'Upgrade', upgrade: 'slipway-attach' } })
    .on('upgrade', (_, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      opened.resolve(socket)
    })
    .on(
      'response',
      (response) => void text(response).then((body) => opened.reject(new Error(body))),
    )
    .on('error', opened.reject)
    .end()
  const socket = await opened.promise
  return {
    send: (kind, payload = '') => void socket.write(encodeFrame(kind, Buffer.from(payload))),
    ended: readAll(socket),
    destroy: () => void socket.destroy(),
  }
}

async function readAll(socket: Duplex): Promise<Awaited<Attached['ended']>> {
  const reader = new FrameReader()
  const seen = { stdout: '', stderr: '', exit: null as number | null }
  try {
    for await (const chunk of socket) {
      for (const { kind, payload } of reader.push(chunk as Buffer)) {
        if (kind === 'exit') seen.exit = Buffer.from(payload).readUInt32BE()
        else if (kind !== 'stdout' && kind !== 'stderr') throw new Error(kind)
        else seen[kind] += Buffer.from(payload).toString()
      }
    }
  } catch {
    // Destroyed by the test.
  }
  return seen
}
