import t from 'tap'
import { Site } from '#router/table/site.ts'
import { merge, metricsType, render } from '#router/watch/snapshot.ts'
import type { Snapshot } from '#router/watch/snapshot.ts'
import { openWatch } from '#router/watch/watch.ts'
import type { Watch, WatchOptions } from '#router/watch/watch.ts'
import type { Test } from 'tap'
import { silent, someEntry } from './observed.ts'

function watching(t: Test, options: Partial<WatchOptions> = {}): Watch {
  const watch = openWatch({ log: silent, ...options })
  t.teardown(() => watch.close())
  return watch
}

interface Read {
  readonly type: string
  readonly samples: Map<string, number>
}

const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/y

/** Reads the exposition format 0.0.4 as strictly as it is written down; throws where it is not that. */
function parse(text: string): Map<string, Read> {
  const families = new Map<string, Read>()
  if (!text.endsWith('\n')) throw new Error('the last line must end too')
  let present = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (word === 'HELP') {
      if (families.has(about)) throw new Error(`${about} comes twice`)
      if (!name.test(about)) throw new Error(`not a name: ${about}`)
      present = about
    } else if (word === 'TYPE') {
      if (about !== present) throw new Error(`a type of another: ${line}`)
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`no type: ${line}`)
      families.set(about, { type: rest, samples: new Map() })
    } else {
      readSample(families, present, line)
    }
  }
  return families
}

function readSample(families: Map<string, Read>, present: string, line: string): void {
  const [, series = '', labels = '', value = ''] = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  const family = families.get(present)
  if (!name.test(series) || family === undefined) throw new Error(`no sample: ${line}`)
  const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
  if (!suffixes.some((suffix) => series === present + suffix)) throw new Error(`strange: ${line}`)
  if (!/^(-?\d+(\.\d+)?(e[+-]\d+)?|[+-]Inf|NaN)$/.test(value)) throw new Error(`no value: ${line}`)
  for (let at = 0; at < labels.length; at = label.lastIndex + 1) {
    label.lastIndex = at
    if (!label.test(labels)) throw new Error(`no label at ${at}: ${line}`)
    const next = labels[label.lastIndex]
    if (next !== undefined && next !== ',') throw new Error(`no comma: ${line}`)
  }
  const key = line.slice(present.length, line.lastIndexOf(' '))
  if (family.samples.has(key)) throw new Error(`twice: ${line}`)
  family.samples.set(key, Number(value.replace('Inf', 'Infinity')))
}

function read(snapshot: Snapshot): (family: string, series?: string) => number | undefined {
  const families = parse(render(snapshot))
  return (family, series = '') => families.get(`slipway_router_${family}`)?.samples.get(series)
}

const shop = '{app="shop",environment="production"}'

t.test('the metrics are written as Prometheus reads them', (t) => {
  const watch = watching(t, {
    sources: {
      standings: () => [
        { key: 'shop/production', inFlight: 3, waiting: 2, tunnels: 1, instances: 2, ejected: 1 },
        { key: 'idle/production', inFlight: 1, waiting: 0, tunnels: 0, instances: 1, ejected: 0 },
      ],
      certificates: () => [{ name: 'a"b\\c\nd', expiresAtMs: 1_700_000_000_999 }],
      tableNumber: () => 7,
      version: '1.2.3',
    },
  })
  for (const serviceMs of [0.2, 12, 12, 700, 100_000]) watch.ended(someEntry({ serviceMs }))
  watch.ended(someEntry({ status: 503, code: 'H11', heldMs: 1500, protocol: 'h2' }))
  watch.ended(someEntry({ status: 101, serviceMs: 3_600_000 }))
  watch.ended(someEntry({ site: null, status: 404, protocol: 'http/1.0' }))
  watch.connected()
  watch.connected()
  watch.gone()
  watch.tunnelBegan(someEntry())
  watch.handshake('resumed')
  const of = read(watch.snapshot())
  const own = shop.slice(0, -1)
  t.equal(of('requests_total', `${own},status="2xx",protocol="http/1.1"}`), 5)
  t.equal(of('requests_total', `${own},status="5xx",protocol="h2"}`), 1)
  t.equal(of('requests_total', '{app="none",environment="",status="4xx",protocol="http/1.0"}'), 1)
  t.equal(of('errors_total', `${own},code="H11"}`), 1)
  t.equal(of('request_duration_seconds', `_bucket${own},le="0.05"}`), 4)
  t.equal(of('request_duration_seconds', `_bucket${own},le="30"}`), 5)
  t.equal(of('request_duration_seconds', `_bucket${own},le="+Inf"}`), 6)
  t.equal(of('request_duration_seconds', `_count${shop}`), 6, 'tunnels are left out')
  t.equal(of('duration_seconds', '_count'), 7)
  t.equal(of('response_bytes_total', shop), 7 * 512)
  t.equal(of('held_total', shop), 1)
  t.equal(of('held_seconds_total', shop), 1.5)
  t.equal(of('in_flight', shop), 3)
  t.equal(of('waiting', shop), 2)
  t.equal(of('tunnels', shop), 1)
  t.equal(of('in_flight', '{app="other",environment=""}'), 1, 'has counted nothing yet')
  t.equal(of('connections'), 1)
  t.equal(of('connections_total'), 2)
  t.equal(of('tunnels_total'), 1)
  t.equal(of('ejected_instances', shop), 1)
  t.equal(of('tls_handshakes_total', '{kind="resumed"}'), 1)
  t.equal(of('certificate_expiry_seconds', '{name="a\\"b\\\\c\\nd"}'), 1_700_000_000)
  t.equal(of('table_number'), 7)
  t.equal(of('build_info', `{version="1.2.3",node="${process.version}"}`), 1)
  t.match(metricsType, 'version=0.0.4')
  t.end()
})

t.test('buckets of a histogram only grow', (t) => {
  const watch = watching(t)
  for (let at = 0; at < 500; at += 1) watch.ended(someEntry({ serviceMs: at * at }))
  for (const { samples } of parse(render(watch.snapshot())).values()) {
    const buckets = [...samples].filter(([series]) => series.startsWith('_bucket'))
    const groups = Map.groupBy(buckets, ([series]) => series.replace(/le="[^"]+"/, ''))
    for (const group of groups.values()) {
      const counts = group.map(([, count]) => count)
      t.same(
        counts,
        counts.toSorted((a, b) => a - b),
      )
    }
  }
  t.end()
})

t.test('whoever makes many apps makes no flood of series', (t) => {
  const watch = watching(t, { limits: { apps: 10 } })
  for (let at = 0; at < 5000; at += 1) {
    watch.ended(
      someEntry({ site: new Site({ app: `app-${at}`, environment: 'production' }), bytes: 1 }),
    )
  }
  const of = read(watch.snapshot())
  t.equal(of('response_bytes_total', '{app="app-9",environment="production"}'), 1)
  t.equal(of('response_bytes_total', '{app="app-10",environment="production"}'), undefined)
  t.equal(of('response_bytes_total', '{app="other",environment=""}'), 4990)
  t.ok(render(watch.snapshot()).split('\n').length < 400)
  t.end()
})

t.test('what several processes have counted is one', (t) => {
  const [a, b] = [watching(t, { sources: { tableNumber: () => 3 } }), watching(t)]
  a.ended(someEntry())
  a.ended(someEntry())
  b.ended(someEntry())
  b.ended(someEntry({ site: new Site({ app: 'blog', environment: 'production' }) }))
  const sent = JSON.parse(JSON.stringify(b.snapshot())) as Snapshot
  const of = read(merge(a.snapshot(), sent))
  t.equal(of('response_bytes_total', shop), 3 * 512)
  t.equal(of('response_bytes_total', '{app="blog",environment="production"}'), 512)
  t.equal(of('duration_seconds', '_count'), 4)
  t.equal(of('table_number'), 3, 'which all have, is no sum')
  t.equal(of('processes'), 2)
  t.end()
})
