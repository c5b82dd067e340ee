import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { uuidPattern } from '#contract/grammar.ts'
import { firstBrokenDeed, recordDeed } from '#controller/store/audit.ts'
import { takeNumber } from '#controller/store/counters.ts'
import { domainsOf } from '#controller/store/domains.ts'
import { lockFolder } from '#controller/store/lock.ts'
import { migrationsFolder } from '#controller/store/migrate.ts'
import { openStore } from '#controller/store/open.ts'
import { hasUsers, insertUser } from '#controller/store/users.ts'

const at = '2026-01-31T10:00:00.000Z'
const alice = { id: 'u1', email: 'a@b.c', password_hash: '-', admin: 1, created_at: at }

t.test('what was written is there after it is opened again, and only for its owner', async (t) => {
  const path = join(t.testdir(), 'slipway.db')
  const first = await openStore(path)
  await insertUser(first, alice)
  await first.destroy()
  const again = await openStore(path)
  t.equal(await hasUsers(again), true)
  await again.destroy()
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('a database in use is copied before a new migration changes it', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'slipway.db')
  const store = await openStore(path)
  await insertUser(store, alice)
  await store.destroy()
  t.same(backupsIn(folder), [], 'making a fresh one needs no copy')

  const migrations = withMigration(folder, 'CREATE TABLE extra (id TEXT) STRICT;')
  await (await openStore(path, { migrations })).destroy()
  t.same(backupsIn(folder), ['slipway.db.before-9999'])
  const copy = new Database(join(folder, 'slipway.db.before-9999'), { readonly: true })
  t.match(copy.prepare('SELECT email FROM users').all(), [{ email: 'a@b.c' }])
  t.throws(() => copy.prepare('SELECT * FROM extra'))
  copy.close()
})

t.test('a migration that fails leaves the database as it was', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'slipway.db')
  await (await openStore(path)).destroy()
  const migrations = withMigration(folder, 'CREATE TABLE extra (id TEXT) STRICT; SELECT nonsense;')
  await t.rejects(openStore(path, { migrations }))
  const store = await openStore(path)
  t.equal(await hasUsers(store), false)
  await store.destroy()
})

t.test('a database of a newer version is refused with a sentence', async (t) => {
  const folder = t.testdir()
  const path = join(folder, 'slipway.db')
  const migrations = withMigration(folder, 'CREATE TABLE extra (id TEXT) STRICT;')
  await (await openStore(path, { migrations })).destroy()
  await t.rejects(openStore(path), { code: 'DATABASE_NEWER', message: /newer Slipway.*9999/ })
})

t.test('a database that another program holds is refused with a sentence', async (t) => {
  const path = join(t.testdir(), 'slipway.db')
  const holder = new Database(path)
  holder.exec('BEGIN EXCLUSIVE; CREATE TABLE held (id TEXT)')
  t.teardown(() => holder.close())
  await t.rejects(openStore(path, { busyMs: 0 }), { code: 'DATABASE_BUSY' })
})

t.test('a state folder is taken by one controller at a time', async (t) => {
  const folder = t.testdir()
  const release = lockFolder(folder)
  t.throws(() => lockFolder(folder), { code: 'ALREADY_RUNNING' })
  release()
  lockFolder(folder)()
})

t.test('a deed that is changed later breaks the chain of the audit', async (t) => {
  const path = join(t.testdir(), 'slipway.db')
  const store = await openStore(path)
  for (const target of ['one', 'two', 'three']) {
    await recordDeed(store, { at, actor: 'a@b.c', action: 'app.create', target })
  }
  t.equal(await firstBrokenDeed(store), null)
  await t.rejects(store.deleteFrom('audit').execute(), /append-only/)
  await store.destroy()

  const raw = new Database(path)
  raw.exec("DROP TRIGGER audit_is_final; UPDATE audit SET target = 'other' WHERE seq = 2")
  raw.close()
  const changed = await openStore(path)
  t.equal(await firstBrokenDeed(changed), 2)
  await changed.destroy()
})

t.test('a counter never gives a number twice', async (t) => {
  const store = await openStore(join(t.testdir(), 'slipway.db'))
  const taken = await Promise.all([1, 2, 3].map(() => takeNumber(store, 'table')))
  t.same(
    taken.toSorted((a, b) => a - b),
    [1, 2, 3],
  )
  await store.destroy()
})

function withMigration(folder: string, sql: string): string {
  const migrations = join(folder, 'migrations')
  mkdirSync(migrations)
  for (const name of readdirSync(migrationsFolder)) {
    copyFileSync(join(migrationsFolder, name), join(migrations, name))
  }
  writeFileSync(join(migrations, '9999-more.sql'), sql)
  return migrations
}

function backupsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes('.before-'))
}

t.test(
  'the domains of a database from before the edge have an id and are the platform’s',
  async (t) => {
    const folder = t.testdir()
    const path = join(folder, 'slipway.db')
    const first = join(folder, 'first')
    mkdirSync(first)
    copyFileSync(join(migrationsFolder, '0001-first.sql'), join(first, '0001-first.sql'))
    await (await openStore(path, { migrations: first })).destroy()
    const raw = new Database(path)
    raw.exec(`
    INSERT INTO users VALUES ('u1', 'a@b.c', '-', 1, '${at}');
    INSERT INTO apps VALUES ('a1', 'shop', 'u1', 'slipway-12', x'00', '${at}', '${at}');
    INSERT INTO environments VALUES ('e1', 'a1', 'production', NULL, '[]', '10.0.0.0/26', '${at}');
    INSERT INTO domains VALUES ('shop.localhost', 'e1', '${at}'), ('b.localhost', 'e1', '${at}');`)
    raw.close()
    const store = await openStore(path)
    const [one, other] = await domainsOf(store, 'e1')
    const given = { kind: 'platform', status: 'succeeded', updated_at: at } as const
    t.match(one, { host: 'b.localhost', id: new RegExp(uuidPattern), ...given })
    t.match(other, { host: 'shop.localhost', id: new RegExp(uuidPattern), ...given })
    t.not(one?.id, other?.id)
    await store.destroy()
  },
)
