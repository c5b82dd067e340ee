import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { CronEntry } from '#contract/cron.ts'
import type { HealthCheck } from '#contract/health-check.ts'
import type { DeploymentState, ProcessTypes } from '#contract/release.ts'
import type { Peer } from '#contract/call.ts'
import { errorBody } from '#contract/error.ts'
import type { SlipwayError } from '#contract/error.ts'
import type { RouteTable } from '#contract/route.ts'
import type { Receipt } from '#contract/watch.ts'
import { startDeploys } from '#controller/deploy/deploys.ts'
import type { Deploys } from '#controller/deploy/deploys.ts'
import type { DeployDeps, DeploySettings } from '#controller/deploy/deps.ts'
import { openNews } from '#controller/deploy/news.ts'
import { openLogs } from '#controller/logs/logs.ts'
import { openVault } from '#controller/seal.ts'
import { insertSlug } from '#controller/store/builds.ts'
import { insertApp } from '#controller/store/apps.ts'
import { createDeployment } from '#controller/store/deployments.ts'
import { insertDomain } from '#controller/store/domains.ts'
import { insertEnvironment } from '#controller/store/environments.ts'
import { addQuantities } from '#controller/store/formation.ts'
import { journalAfter } from '#controller/store/journal.ts'
import { openStore } from '#controller/store/open.ts'
import { insertRelease } from '#controller/store/releases.ts'
import type { AppRow, DeploymentRow, Store } from '#controller/store/tables.ts'
import { insertUser } from '#controller/store/users.ts'
import type { CopySpec } from '#driver/driver.ts'
import { openMemory, serves } from '#driver/memory/memory.ts'
import type { Program } from '#driver/memory/memory.ts'
import { openLog } from '#lib/log.ts'
import { parseChange, parseTable } from '#router/table/parse.ts'
import { Routes } from '#router/table/routes.ts'

/** A router that remembers what it was told, in order. */
class FakeRouter {
  #routes = new Routes()
  readonly events: string[] = []
  /** Every table it was given. */
  readonly tables: RouteTable[] = []
  isDown = false
  isCounting = true
  /** What it was asked to count, and what it says it has counted. */
  readonly counted: Record<string, string | undefined>[] = []
  receipt: Receipt = {
    complete: true,
    served: 0,
    held: 0,
    failed: 0,
    app_errors: 0,
    longest_hold_ms: 0,
  }
  readonly #server = createServer((request, response) => {
    const isIgnored = request.url === '/receipts' && !this.isCounting
    if (this.isDown || isIgnored) return void request.socket.destroy()
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    const refuse = (error: SlipwayError): void => send(error.status, errorBody(error, 'test'))
    this.#answer(request).then((body) => send(200, body), refuse)
  })

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** Ids of the copies a host leads to. */
  copies(host = 'shop.localhost'): string[] {
    return this.#routes.find(host, '/')?.site.instances.map(({ id }) => id) ?? []
  }

  get table(): RouteTable {
    return this.#routes.table
  }

  /** As a router does that starts without its disk. */
  forget(): void {
    this.#routes = new Routes()
  }

  async #answer(request: IncomingMessage) {
    if (request.url === '/idle') {
      const { instances, close } = (await json(request)) as { instances: string[]; close: boolean }
      this.events.push(`${close ? 'close' : 'idle'} ${instances.join()}`)
      return { busy: [] }
    }
    if (request.url === '/receipts') {
      const { id, action, site } = (await json(request)) as Record<string, string>
      this.counted.push({ id, action, site })
      return this.receipt
    }
    if (request.method === 'PUT') this.#note(this.#routes.replace(parseTable(await json(request))))
    if (request.method === 'PATCH') {
      const change = parseChange(await json(request), this.#routes)
      this.#note(this.#routes.change(change))
    }
    const isAsking = request.method === 'GET' && request.url === '/table'
    return isAsking ? this.table : { number: this.#routes.number }
  }

  #note(isNew: boolean): void {
    if (!isNew) return
    this.tables.push(this.table)
    this.events.push(`table ${this.copies().map(short).join()}`)
  }
}

/** `slw-main-shop-1a2b3c4d-web-1` → `1a2b3c4d web.1` */
export function short(name: string): string {
  return name.replace(/^.*-([0-9a-f]{8})-(\w+)-(\d+)$/, '$1 $2.$3')
}

export interface WorldOptions {
  readonly program?: (spec: CopySpec) => Program
  readonly beforeStart?: (spec: CopySpec, signal: AbortSignal) => Promise<void>
  readonly settings?: Partial<DeploySettings>
  /** A real one, instead of the fake. */
  readonly router?: Peer
}

export type World = Awaited<ReturnType<typeof openWorld>>

const at = '2026-01-31T10:00:00.000Z'
const limits = {
  memoryBytes: 512 * 1024 ** 2,
  cpuShares: 1024,
  pids: 256,
  openFiles: 1024,
  diskBytes: 1024 ** 3,
}

/** One app `shop` on a real database, a fake engine and a fake router; closed with the test. */
export async function openWorld(t: Test, options: WorldOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'slw-deploy-'))
  const store = await openStore(join(folder, 'slipway.db'))
  const vault = openVault(randomBytes(32).toString('base64'))
  const router = new FakeRouter()
  const url = await router.open()
  const { fleet } = openMemory({ program: () => serves(), ...options })
  const logged: string[] = []
  const log = openLog('controller', (line) => void logged.push(line))
  const ids = await addApp(store, vault, 'shop')
  const openAll = (): DeployDeps => ({
    store,
    fleet,
    router: options.router ?? { url, token: 'token', program: 'router' },
    logs: openLogs({ folder: join(folder, 'logs'), fleet, log }),
    news: openNews(),
    log,
    vault,
    settings: {
      instance: 'main',
      limits,
      startTimeoutMs: 5000,
      releaseTimeoutMs: 5000,
      drainMs: 1000,
      readyCopies: true,
      graceMs: 500,
      ...options.settings,
    },
  })
  let deps = openAll()
  let deploys: Deploys = startDeploys(deps)
  const close = async (): Promise<void> => {
    await deploys.close()
    await deps.logs.close()
  }
  t.teardown(async () => {
    fleet.setReachable(true)
    await close()
    for (const { name } of await fleet.list({}, AbortSignal.timeout(1000)))
      await fleet.stop(name, 0, AbortSignal.timeout(1000))
    await store.destroy()
    router.close()
    await rm(folder, { recursive: true })
  })

  const row = (id: string): Promise<DeploymentRow> =>
    store.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const world = {
    ...ids,
    get deps() {
      return deps
    },
    get deploys() {
      return deploys
    },
    store,
    vault,
    fleet,
    router,
    logged,
    folder,
    /** Lets go of everything, as a controller that ends, and starts again on the same store. */
    restart: async (change: Partial<DeployDeps> = {}): Promise<void> => {
      await close()
      deps = { ...openAll(), ...change }
      deploys = startDeploys(deps)
    },
    stop: close,
    /** One more app. */
    add: (name: string) => addApp(store, vault, name),
    /** Records a release, its deployment, and kicks. */
    release: async (
      processTypes: ProcessTypes,
      of = ids,
      config = {},
      checks: readonly HealthCheck[] = [],
      cron: readonly CronEntry[] = [],
    ): Promise<string> => {
      const id = await addRelease(store, vault, of, processTypes, config, checks, cron)
      deploys.kick(of.environmentId)
      return id
    },
    redeploy: async (deploymentId: string): Promise<string> => {
      const { release_id, environment_id } = await row(deploymentId)
      const of = { environmentId: environment_id, releaseId: release_id }
      const id = await createDeployment(store, { ...of, reason: 'restart' })
      deploys.kick(environment_id)
      return id
    },
    scale: async (type: string, quantity: number): Promise<void> => {
      await store.updateTable('formation').set({ quantity }).where('type', '=', type).execute()
      deploys.kick(ids.environmentId)
    },
    row,
    journal: async (id: string): Promise<string[]> =>
      (await journalAfter(store, id, 0)).map(({ kind, text }) => `${kind}: ${text}`),
    /** What runs, as `web.1 v2 running`. */
    running: async (): Promise<string[]> => {
      const all = await fleet.list({}, AbortSignal.timeout(1000))
      return all.map((one) => `${one.type}.${one.index} v${one.release} ${one.state}`).toSorted()
    },
    until: async (what: () => Promise<boolean> | boolean, ms = 8000): Promise<void> => {
      const limit = Date.now() + ms
      while (!(await what())) {
        if (Date.now() > limit)
          throw new Error(`not in ${ms} ms: ${what.toString()}\n${logged.join('\n')}`)
        await sleep(5)
      }
    },
    reaches: async (id: string, ...states: DeploymentState[]): Promise<DeploymentRow> => {
      await world.until(async () => states.includes((await row(id)).state))
      return row(id)
    },
  }
  return world
}

interface Ids {
  readonly app: AppRow
  readonly environmentId: string
}

async function addApp(
  store: Store,
  vault: ReturnType<typeof openVault>,
  name: string,
): Promise<Ids> {
  const [id, environmentId, userId] = [randomUUID(), randomUUID(), randomUUID()]
  const user = { id: userId, email: `${name}@example.com`, password_hash: '', admin: 1 }
  await insertUser(store, { ...user, created_at: at })
  const app: AppRow = {
    id,
    name,
    owner_id: userId,
    stack: 'slipway-12',
    data_key: vault.newDataKey(id),
    created_at: at,
    updated_at: at,
  }
  await insertApp(store, app)
  await insertEnvironment(store, {
    id: environmentId,
    app_id: id,
    name: 'production',
    parent_id: null,
    branches: '["main"]',
    subnet: `10.217.${Math.floor(Math.random() * 250)}.0/26`,
    created_at: at,
  })
  await insertDomain(store, {
    host: `${name}.localhost`,
    environment_id: environmentId,
    created_at: at,
  })
  return { app, environmentId }
}

async function addRelease(
  store: Store,
  vault: ReturnType<typeof openVault>,
  { app, environmentId }: Ids,
  processTypes: ProcessTypes,
  config: Record<string, string>,
  healthChecks: readonly HealthCheck[],
  cron: readonly CronEntry[],
): Promise<string> {
  const slugId = randomUUID()
  const types = JSON.stringify(processTypes)
  await insertSlug(store, {
    id: slugId,
    app_id: app.id,
    digest: `sha256:${slugId}`,
    artifact: JSON.stringify({ kind: 'tree', layers: ['/slug'] }),
    process_types: types,
    buildpack: 'Node.js',
    stack: 'slipway-12',
    commit_id: '0'.repeat(40),
    size_bytes: 1,
    bom: null,
    created_at: at,
  })
  const last = await store
    .selectFrom('releases')
    .select((column) => column.fn.max('version').as('version'))
    .where('environment_id', '=', environmentId)
    .executeTakeFirst()
  const releaseId = randomUUID()
  await insertRelease(store, {
    id: releaseId,
    environment_id: environmentId,
    version: (last?.version ?? 0) + 1,
    build_id: null,
    slug_id: slugId,
    config: vault.seal(app, config),
    config_keys: JSON.stringify(Object.keys(config)),
    process_types: types,
    description: 'a test',
    user_id: app.owner_id,
    created_at: at,
    health_checks: JSON.stringify(healthChecks),
    cron: JSON.stringify(cron),
  })
  const rows = Object.keys(processTypes).map((type) => ({
    environment_id: environmentId,
    type,
    quantity: 1,
  }))
  await addQuantities(store, rows)
  return createDeployment(store, { environmentId, releaseId, reason: 'release' })
}
