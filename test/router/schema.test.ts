import t from 'tap'
import { Check } from 'typebox/value'
import { awaitIdle, RouteTable } from '#contract/route.ts'
import { shapeFault } from '#router/schema/fault.ts'
import { Type } from '#router/schema/type.ts'

const instance = { id: 'a', release: 1, host: '10.0.0.1', port: 5000 }
const route = { host: 'a.test', app: 'a', environment: 'production', instances: [instance] }
const idle = { instances: ['a'], wait_ms: 10 }

const tables: readonly unknown[] = [
  { number: 1, routes: [] },
  { number: 1, routes: [route] },
  { number: 1, routes: [{ ...route, more: true }] },
  { number: 1, routes: [{ ...route, host: 1 }] },
  { number: 1, routes: [{ ...route, instances: [null] }] },
  { number: 1, routes: [{ ...route, instances: [{ ...instance, port: '5000' }] }] },
  { number: 1, routes: [{ ...route, instances: [{ ...instance, release: 1.5 }] }] },
  { number: 1, routes: {} },
  { number: '1', routes: [] },
  { routes: [] },
  { number: NaN, routes: [] },
  [],
  null,
  'table',
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
  for (const value of tables) {
    t.equal(shapeFault(RouteTable, value) === null, Check(RouteTable, value), JSON.stringify(value))
  }
  for (const value of idles) {
    t.equal(shapeFault(idleBody, value) === null, Check(idleBody, value), JSON.stringify(value))
  }
})

t.test('the words that stand in for TypeBox make the same schemas', async (t) => {
  const ours = Type.Object({
    instances: Type.Array(Type.String()),
    wait_ms: Type.Integer({ minimum: 0, maximum: 60_000 }),
    close: Type.Optional(Type.Boolean()),
  })
  t.same(JSON.parse(JSON.stringify(ours)), JSON.parse(JSON.stringify(awaitIdle.body)))
})

t.test('a fault says where it is', async (t) => {
  const bad = { number: 1, routes: [{ ...route, instances: [{ ...instance, port: 'x' }] }] }
  t.equal(shapeFault(RouteTable, bad), 'port must be a whole number')
  t.equal(shapeFault(RouteTable, {}), 'the body must have number')
})
