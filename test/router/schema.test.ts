import t from 'tap'
import { Type as TypeBox } from 'typebox'
import type { TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { awaitIdle, RouteTable, TableChange } from '#contract/route.ts'
import { shapeFault } from '#router/schema/fault.ts'
import { Type } from '#router/schema/type.ts'

const instance = { id: 'a', release: 1, host: '10.0.0.1', port: 5000 }
const site = { app: 'a', environment: 'production', instances: [instance] }
const rule = { host: 'a.test', site: 'a/production' }
const table = { number: 1, sites: [site], rules: [rule] }
const change = {
  ...table,
  after: 0,
  gone_sites: ['b/production'],
  gone_rules: [{ host: 'b.test' }],
}
const redirect = { to: '/b', status: 308 }
const settings = { maintenance: true, allow: ['::1'], auth: [{ user: 'u', hash: 'h' }], queue: 0 }
const idle = { instances: ['a'], wait_ms: 10 }

const tables: readonly unknown[] = [
  table,
  { ...table, sites: [], rules: [] },
  { ...table, sites: [{ ...site, more: true }] },
  { ...table, sites: [{ ...site, app: 1 }] },
  { ...table, sites: [{ ...site, settings }] },
  { ...table, sites: [{ ...site, settings: { ...settings, maintenance: 1 } }] },
  { ...table, sites: [{ ...site, settings: { ...settings, allow: [1] } }] },
  { ...table, sites: [{ ...site, settings: { ...settings, auth: [{ user: 'u' }] } }] },
  { ...table, sites: [{ ...site, settings: { ...settings, app_cap: 0 } }] },
  { ...table, sites: [{ ...site, instances: [null] }] },
  { ...table, sites: [{ ...site, instances: [{ ...instance, port: '5000' }] }] },
  { ...table, sites: [{ ...site, instances: [{ ...instance, release: 1.5 }] }] },
  { ...table, rules: [{ ...rule, path: '/api', strip: true, redirect }] },
  { ...table, rules: [{ ...rule, redirect: { ...redirect, status: 303 } }] },
  { ...table, rules: [{ ...rule, redirect: { ...redirect, status: '308' } }] },
  { ...table, rules: [{ host: 'a.test' }] },
  { ...table, rules: {} },
  { ...table, number: '1' },
  { ...table, number: NaN },
  { sites: [], rules: [] },
  [],
  null,
  'table',
]
const changes: readonly unknown[] = [
  change,
  { ...change, gone_rules: [{ host: 'b.test', path: '/b' }] },
  { ...change, gone_rules: [{ path: '/b' }] },
  { ...change, gone_sites: [1] },
  table,
]
const idles: readonly unknown[] = [
  idle,
  { ...idle, close: true },
  { ...idle, close: 'yes' },
  { ...idle, wait_ms: -1 },
  { ...idle, wait_ms: 60_000 },
  { ...idle, wait_ms: 60_001 },
  { ...idle, instances: [1] },
  {},
]

t.test('the router takes the same bodies as TypeBox does', async (t) => {
  const idleBody = awaitIdle.body
  if (idleBody === undefined) throw new Error('awaitIdle has no body')
  const check = (schema: TSchema, values: readonly unknown[]): void => {
    for (const value of values)
      t.equal(shapeFault(schema, value) === null, Check(schema, value), JSON.stringify(value))
  }
  check(RouteTable, tables)
  check(TableChange, changes)
  check(idleBody, idles)
})

t.test('the words that stand in for TypeBox make the same schemas', async (t) => {
  const ours = Type.Object({
    instances: Type.Array(Type.String()),
    wait_ms: Type.Integer({ minimum: 0, maximum: 60_000 }),
    close: Type.Optional(Type.Boolean()),
    tunnels: Type.Optional(Type.Boolean()),
  })
  t.same(JSON.parse(JSON.stringify(ours)), JSON.parse(JSON.stringify(awaitIdle.body)))
  const status = Type.Union([Type.Literal(301), Type.Literal('moved')])
  const theirs = TypeBox.Union([TypeBox.Literal(301), TypeBox.Literal('moved')])
  t.same(JSON.parse(JSON.stringify(status)), JSON.parse(JSON.stringify(theirs)))
})

t.test('a fault says where it is', async (t) => {
  const bad = { ...table, sites: [{ ...site, instances: [{ ...instance, port: 'x' }] }] }
  t.equal(shapeFault(RouteTable, bad), 'port must be a whole number')
  const odd = { ...table, rules: [{ ...rule, redirect: { ...redirect, status: 303 } }] }
  t.equal(shapeFault(RouteTable, odd), 'status must be 301 or 302 or 307 or 308')
  t.equal(shapeFault(RouteTable, { ...table, sites: [0] }), 'sites[0] must be an object')
  t.equal(shapeFault(RouteTable, {}), 'the body must have number')
})
