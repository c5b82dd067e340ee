import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { TableFile } from '#router/table/disk.ts'
import { Routes } from '#router/table/routes.ts'
import { change, instance, rule, site, table } from './table-of.ts'

function pathFor(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'table-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'router', 'table.json')
}

function openFile(t: Test, path: string): TableFile {
  const file = new TableFile(path)
  t.teardown(() => file.close())
  return file
}

/** What a router that starts reads. */
async function read(path: string): Promise<{ how: string; routes: Routes }> {
  const routes = new Routes()
  return { how: await new TableFile(path).restore(routes), routes }
}

/** A table on disk with the site `a`, its file, and how to change both. */
async function kept(t: Test) {
  const path = pathFor(t)
  const file = openFile(t, path)
  const routes = new Routes()
  routes.replace(table(1, [site('a', [instance(1)])], [rule('a.test', 'a')]))
  await file.replace(routes)
  const add = async (name: string): Promise<void> => {
    const made = change(routes.number, { sites: [site(name)], rules: [rule(`${name}.test`, name)] })
    routes.change(made)
    await file.append(made, routes)
  }
  return { path, file, routes, add }
}

t.test('a router that starts has the table and the changes that followed', async (t) => {
  const { path, routes, add } = await kept(t)
  for (const name of ['b', 'c', 'd']) await add(name)
  const again = await read(path)
  t.equal(again.how, 'whole')
  t.equal(again.routes.number, 4)
  t.same(again.routes.table, routes.table)
})

t.test('it goes on with the file where the one before it ended', async (t) => {
  const { path, add } = await kept(t)
  await add('b')
  const second = openFile(t, path)
  const routes = new Routes()
  await second.restore(routes)
  const made = change(2, { gone_rules: [{ host: 'a.test' }], gone_sites: ['a/production'] })
  routes.change(made)
  await second.append(made, routes)
  t.same((await read(path)).routes.table, routes.table)
})

t.test('of a line that was half written when the power went, nothing is taken', async (t) => {
  const { path, add } = await kept(t)
  await add('b')
  const size = (await stat(path)).size
  await add('c')
  for (let at = (await stat(path)).size - 1; at > size; at -= 7) {
    truncateSync(path, at)
    const { how, routes } = await read(path)
    t.equal(how, 'torn')
    t.equal(routes.find('b.test', '/')?.site.app, 'b')
    t.ok(routes.number === 2 || routes.number === 3)
  }
  const file = openFile(t, path)
  const routes = new Routes()
  await file.restore(routes)
  const made = change(routes.number, { sites: [site('d')], rules: [rule('d.test', 'd')] })
  routes.change(made)
  await file.append(made, routes)
  t.same((await read(path)).routes.table, routes.table, 'the next change heals it')
  t.equal((await read(path)).how, 'whole')
})

t.test('a file that is no table is no reason not to start', async (t) => {
  const { path } = await kept(t)
  for (const text of [
    '',
    '{',
    'null\n',
    '[]\n',
    '{"number":4}\n',
    '{"number":"4","sites":[],"rules":[]}\n',
  ]) {
    writeFileSync(path, text)
    const { routes } = await read(path)
    t.equal(routes.number, 0, text)
  }
  t.equal((await read(`${path}.not-there`)).how, 'none')
})

t.test('a table of before there were rules is read', async (t) => {
  const { path } = await kept(t)
  const route = { app: 'a', environment: 'production', instances: [instance(1)] }
  const routes = [
    { host: 'a.test', ...route },
    { host: 'b.test', ...route },
  ]
  writeFileSync(path, JSON.stringify({ number: 7, routes }))
  const again = (await read(path)).routes
  t.equal(again.number, 7)
  t.equal(again.find('b.test', '/')?.site.instances.length, 1)
})

t.test('changes that outgrow the table make it be written anew, and none is lost', async (t) => {
  const { path, routes, add } = await kept(t)
  const page = 'x'.repeat(60_000)
  const put = async (n: number, file: TableFile): Promise<void> => {
    const made = change(routes.number, { sites: [site('p', [instance(n)], { error_page: page })] })
    routes.change(made)
    await file.append(made, routes)
  }
  await add('b')
  const file = new TableFile(path)
  await file.restore(new Routes())
  await Promise.all(Array.from({ length: 60 }, (_, n) => put(n, file)))
  await file.close()
  t.ok((await stat(path)).size < 3_000_000, `${(await stat(path)).size} bytes`)
  t.same((await read(path)).routes.table, routes.table)
  t.equal((await read(path)).how, 'whole')
  const size = (await stat(path)).size
  await put(99, file)
  t.equal((await stat(path)).size, size, 'once closed, it writes no more')
})

t.test('nobody but its owner can read it', async (t) => {
  const { path } = await kept(t)
  t.equal((await stat(path)).mode & 0o777, 0o600)
  t.match(readFileSync(path, 'utf8'), /^\{"number":1,/)
})
