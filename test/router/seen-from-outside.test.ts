import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { call } from '#contract/call.ts'
import { putTable } from '#contract/route.ts'
import { countReceipt } from '#contract/watch.ts'
import type { Batch } from '#router/watch/shipper.ts'
import { eachProcess } from './each-transport.ts'
import { start, stateOf, token } from './process-rig.ts'
import { ask, get, httpBackend, instanceAt, tableOf } from './rig.ts'

/** A controller that takes lines. */
async function controller(t: Test): Promise<{ url: string; texts: string[] }> {
  const texts: string[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const { logs } = body as Batch
      const isOurs = request.headers.authorization === `Bearer ${token}`
      if (isOurs) texts.push(...logs.flatMap(({ lines }) => lines.map(({ text }) => text)))
      response.writeHead(isOurs ? 204 : 401).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, texts }
}

/** A router as a process of its own, with workers or without. */
async function startRouter(t: Test, controllerUrl: string, workers: number) {
  const state = stateOf(t)
  const accessLog = join(state, 'access.log')
  const router = start(t, {
    SLIPWAY_STATE: state,
    SLIPWAY_HTTP_HOST: '127.0.0.1',
    SLIPWAY_HTTP_PORT: '0',
    SLIPWAY_ROUTER_ADMIN_PORT: '0',
    SLIPWAY_CONTROLLER_URL: controllerUrl,
    SLIPWAY_ACCESS_LOG: accessLog,
    ROUTER_WORKERS: String(workers),
  })
  t.teardown(async () => {
    router.child.kill('SIGTERM')
    await router.exit
  })
  const { port, adminPort } = await router.started()
  const admin = { url: `http://127.0.0.1:${adminPort}`, token, program: 'router' }
  return { port, admin, accessLog }
}

for (const workers of [1, 2]) {
  eachProcess.test(
    `${workers} of us: lines, metrics and receipts are those of one router`,
    async (t) => {
      const { url, texts } = await controller(t)
      const { port, admin, accessLog } = await startRouter(t, url, workers)
      const { port: backend } = await httpBackend(t, (_, response) => response.end('x'))
      await call(admin, putTable, { body: tableOf(1, [instanceAt(backend)]) })
      const receipt = { site: 'a/production', id: 'd' }
      await call(admin, countReceipt, { body: { ...receipt, action: 'open' } })
      for (let at = 0; at < 20; at += 1) await ask(t, port, get(`/${at}`))
      const counted = await call(admin, countReceipt, { body: { ...receipt, action: 'close' } })
      t.match(counted, { complete: true, served: 20, failed: 0 })

      const metrics = await fetch(`${admin.url}/metrics`)
      t.match(metrics.headers.get('content-type'), 'text/plain; version=0.0.4')
      const own = 'app="a",environment="production",status="2xx",protocol="http/1.1"'
      t.match(await metrics.text(), `slipway_router_requests_total{${own}} 20\n`)
      t.equal((await fetch(`${admin.url}/metrics.json`)).status, 401, 'only the text is for all')

      for (let tries = 0; texts.length < 20 && tries < 100; tries += 1) await sleep(50)
      const paths = texts.map((line) => Number(/path="\/(\d+)"/.exec(line)?.[1]))
      t.same(
        paths.toSorted((a, b) => a - b),
        Array.from({ length: 20 }, (_, at) => at),
      )
      t.equal(readFileSync(accessLog, 'utf8').trim().split('\n').length, 20)
    },
  )
}
