import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { call } from '#contract/call.ts'
import type { Peer } from '#contract/call.ts'
import { changeTable, getTable, getTableNumber, putTable, why } from '#contract/route.ts'
import type { Log } from '#lib/log.ts'
import { adminCalls } from '#router/admin/calls.ts'
import { openAdmin } from '#router/admin/server.ts'
import { TableFile } from '#router/table/disk.ts'
import { Routes } from '#router/table/routes.ts'
import { change, instance, rule, site, table } from './table-of.ts'

const token = 'a-token-for-this-test'

/** What the controller talks to, with a table of one app. */
async function open(t: Test): Promise<{ peer: Peer; routes: Routes; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'table-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'table.json')
  const file = new TableFile(path)
  t.teardown(() => file.close())
  const routes = new Routes()
  const log: Log = { info: () => {}, warn: () => {}, error: (_, error) => t.error(error) }
  const calls = adminCalls({ routes, file, log })
  const admin = await openAdmin({ where: { host: '127.0.0.1', port: 0 }, token, calls, log })
  t.teardown(() => admin.close())
  const peer = { url: `http://127.0.0.1:${admin.port}`, token, program: 'router' }
  const body = table(1, [site('a', [instance(1)])], [rule('a.test', 'a')])
  await call(peer, putTable, { body })
  return { peer, routes, path }
}

t.test('a change is in force, and on disk, when it is answered', async (t) => {
  const { peer, routes, path } = await open(t)
  const body = change(1, { sites: [site('b')], rules: [rule('b.test', 'b')] })
  t.same(await call(peer, changeTable, { body }), { number: 2 })
  t.same(await call(peer, getTableNumber), { number: 2 })
  t.equal(routes.find('b.test', '/')?.site.app, 'b')
  const kept = new Routes()
  await new TableFile(path).restore(kept)
  t.same(kept.table, await call(peer, getTable))
})

t.test('a change for another table, or one that makes no sense, changes nothing', async (t) => {
  const { peer, routes } = await open(t)
  const before = routes.table
  await t.rejects(call(peer, changeTable, { body: change(0) }), { code: 'TABLE_STALE' })
  await t.rejects(call(peer, changeTable, { body: change(7) }), { code: 'TABLE_STALE' })
  const stray = change(1, { rules: [rule('b.test', 'b')] })
  await t.rejects(call(peer, changeTable, { body: stray }), { code: 'INVALID_PARAMS' })
  const left = change(1, { gone_sites: ['a/production'] })
  await t.rejects(call(peer, changeTable, { body: left }), { code: 'INVALID_PARAMS' })
  t.same(routes.table, before)
})

t.test('why is answered over the wire', async (t) => {
  const { peer } = await open(t)
  const body = { url: 'http://a.test/x' }
  t.match(await call(peer, why, { body }), { app: 'a', instances: [{ id: 'i-1', picked: true }] })
  t.match(await call(peer, why, { body: { url: 'http://b.test/' } }), { instead: { status: 404 } })
  await t.rejects(call(peer, why, { body: { url: 'b.test' } }), { code: 'INVALID_PARAMS' })
})
