import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { Check } from 'typebox/value'
import { putCertificates, putChallenges } from '#contract/certificate.ts'
import type { Log } from '#lib/log.ts'
import { openProxy } from '#router/proxy/proxy.ts'
import { shapeFault } from '#router/schema/fault.ts'
import { Routes } from '#router/table/routes.ts'
import { certificateCalls } from '#router/tls/calls.ts'
import { readTlsConfig } from '#router/tls/config.ts'
import { openTls } from '#router/tls/tls.ts'
import type { Tls, TlsOptions } from '#router/tls/tls.ts'
import { madeFor } from './certificate-rig.ts'

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} }

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'router-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

async function open(t: Test, folder: string, more: Partial<TlsOptions> = {}): Promise<Tls> {
  const usual = { contexts: 10, selfSignedFor: null, isKeeper: true, log: quiet }
  const tls = await openTls({ folder, ...usual, ...more })
  t.teardown(() => tls.close())
  return tls
}

/** A router that serves nothing, over TLS; its port. */
async function serve(t: Test, tls: Tls): Promise<number> {
  const address = { host: '127.0.0.1', port: 0 }
  const secure = { address, tls: { certificates: tls } }
  const proxy = await openProxy({ address, secure, routes: new Routes(), log: quiet })
  t.teardown(() => proxy.close(0))
  return proxy.securePort
}

interface Shaken {
  readonly names: string | undefined
  readonly reused: boolean
  readonly session: Buffer | undefined
  readonly protocol: string | null
}

/** One handshake; null when it is refused. */
function shake(
  port: number,
  servername: string,
  more: ConnectionOptions = {},
): Promise<Shaken | null> {
  return new Promise((resolve) => {
    let session: Buffer | undefined
    const socket: TLSSocket = connect({
      port,
      host: '127.0.0.1',
      servername,
      rejectUnauthorized: false,
      ...more,
    })
    socket.on('session', (bytes: Buffer) => (session = bytes))
    socket.on('error', () => resolve(null))
    socket.once('secureConnect', () => {
      // An answer comes after the tickets of TLS 1.3.
      socket.write('GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n')
    })
    socket.on('data', () => undefined)
    socket.once('end', () => {
      const { subjectaltname: names } = socket.getPeerCertificate()
      const reused = socket.isSessionReused()
      resolve({ names, reused, session, protocol: socket.getProtocol() })
      socket.destroy()
    })
  })
}

t.test('a host gets its own certificate, else that of the wildcard above, else none', async (t) => {
  const tls = await open(t, folderOf(t))
  await tls.put([await madeFor('shop.example.org'), await madeFor('*.example.org')])
  const port = await serve(t, tls)
  t.equal((await shake(port, 'shop.example.org'))?.names, 'DNS:shop.example.org')
  t.equal((await shake(port, 'SHOP.example.org'))?.names, 'DNS:shop.example.org')
  t.equal((await shake(port, 'blog.example.org'))?.names, 'DNS:*.example.org')
  t.equal(await shake(port, 'a.blog.example.org'), null)
  t.equal(await shake(port, 'example.org'), null)
  t.match(tls.certificateOf('blog.example.org'), { names: ['*.example.org'], automatic: true })
  t.equal(tls.certificateOf('example.org'), null)
})

t.test(
  'certificates are swapped without a restart, the new one before the old one goes',
  async (t) => {
    const tls = await open(t, folderOf(t))
    const [old, next] = [
      await madeFor('shop.example.org'),
      await madeFor('shop.example.org', 'a.test'),
    ]
    await tls.put([old])
    const port = await serve(t, tls)
    t.equal((await shake(port, 'shop.example.org'))?.names, 'DNS:shop.example.org')
    await tls.put([next])
    t.match((await shake(port, 'shop.example.org'))?.names, 'a.test')
    await tls.remove([old.id])
    t.match((await shake(port, 'shop.example.org'))?.names, 'a.test')
    await tls.remove([next.id])
    t.equal(await shake(port, 'shop.example.org'), null)
  },
)

t.test('what was given is served after a restart, and is readable by nobody else', async (t) => {
  const folder = folderOf(t)
  const first = await open(t, folder)
  const [kept, gone] = [await madeFor('kept.test'), await madeFor('gone.test')]
  await first.put([kept, gone])
  await first.remove([gone.id])
  const { digest } = first
  await first.close()
  for (const name of readdirSync(folder)) {
    t.equal(statSync(join(folder, name)).mode & 0o077, 0, name)
  }
  t.notOk(readdirSync(folder).some((name) => name.startsWith(gone.id)))
  const second = await open(t, folder)
  t.equal(second.digest, digest)
  t.equal((await shake(await serve(t, second), 'kept.test'))?.names, 'DNS:kept.test')
})

t.test('a torn list, lost files and strays are no reason not to start', async (t) => {
  const folder = folderOf(t)
  const first = await open(t, folder)
  const [kept, lost] = [await madeFor('kept.test'), await madeFor('lost.test')]
  await first.put([kept, lost])
  await first.close()
  rmSync(join(folder, `${lost.id}.key`))
  appendFileSync(join(folder, 'index.jsonl'), '{"put":{"id":"ab')
  const stray = join(folder, `${'a'.repeat(40)}.key`)
  appendFileSync(stray, 'left behind')
  utimesSync(stray, new Date(0), new Date(0))
  const second = await open(t, folder)
  t.same(second.ids, [kept.id], 'what has no files is asked for anew')
  t.notOk(readdirSync(folder).includes(`${'a'.repeat(40)}.key`))
  await second.put([await madeFor('more.test')])
  await second.close()
  t.equal((await open(t, folder)).ids.length, 2, 'the list goes on after the torn line')
})

t.test('a worker that does not keep the folder reads what the keeper wrote', async (t) => {
  const folder = folderOf(t)
  const keeper = await open(t, folder)
  const worker = await open(t, folder, { isKeeper: false })
  const one = await madeFor('shop.example.org')
  await keeper.put([one])
  await worker.put([one])
  t.ok(worker.contextFor('shop.example.org'))
  const late = await madeFor('late.test')
  await keeper.put([late])
  await worker.reread()
  t.equal(worker.digest, keeper.digest, 'one that comes late looks at the folder')
  t.ok(worker.ticketKeys.equals(keeper.ticketKeys), 'and resumes the sessions of the others')
})

t.test('few contexts are held for many hosts', async (t) => {
  const tls = await open(t, folderOf(t), { contexts: 3 })
  const hosts = Array.from({ length: 8 }, (_, index) => `h${index}.test`)
  await tls.put(await Promise.all(hosts.map((host) => madeFor(host))))
  const first = tls.contextFor('h0.test')
  t.equal(tls.contextFor('h0.test'), first, 'the one used last is still there')
  for (const host of hosts) t.ok(tls.contextFor(host), host)
  t.not(tls.contextFor('h0.test'), first, 'it had to be made again')
})

t.test('sessions are resumed, by either version, until the key is replaced', async (t) => {
  const folder = folderOf(t)
  const tls = await open(t, folder)
  await tls.put([await madeFor('shop.example.org'), await madeFor('blog.example.org')])
  const port = await serve(t, tls)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const before = await shake(port, 'shop.example.org', { maxVersion })
    t.equal(before?.protocol, maxVersion)
    t.equal(before?.reused, false)
    const again = await shake(port, 'shop.example.org', { maxVersion, session: before?.session })
    t.equal(again?.reused, true, maxVersion)
  }
  const before = await shake(port, 'shop.example.org')
  utimesSync(join(folder, 'tickets.key'), new Date(0), new Date(0))
  const old = readFileSync(join(folder, 'tickets.key'))
  const next = await open(t, folder)
  t.notOk(next.ticketKeys.equals(old), 'a key that has lived long enough is replaced')
  t.equal(readFileSync(join(folder, 'tickets.key')).length, 48)
  const other = await serve(t, next)
  const resumed = await shake(other, 'shop.example.org', { session: before?.session })
  t.equal(resumed?.reused, false, 'its tickets cost one full handshake')
})

t.test('old versions of TLS are refused', async (t) => {
  const tls = await open(t, folderOf(t))
  await tls.put([await madeFor('shop.example.org')])
  const port = await serve(t, tls)
  const options = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const
  t.equal(await shake(port, 'shop.example.org', options), null)
})

t.test('hosts without one get ours, where the operator wants that', async (t) => {
  const folder = folderOf(t)
  const env = {
    SLIPWAY_STATE: folder,
    SLIPWAY_DOMAIN: 'Platform.test',
    SLIPWAY_TLS_DEFAULT: 'self-signed',
  }
  const config = readTlsConfig(env)
  t.equal(config.folder, join(folder, 'router/certificates'))
  t.throws(
    () => readTlsConfig({ SLIPWAY_TLS_DEFAULT: 'yes' }),
    /SLIPWAY_TLS_DEFAULT must be none or/,
  )
  const tls = await open(t, folder, { selfSignedFor: config.selfSignedFor })
  const port = await serve(t, tls)
  t.equal((await shake(port, 'any.example.org'))?.names, 'DNS:platform.test, DNS:*.platform.test')
  const made = readFileSync(join(folder, 'self-signed.pem'), 'utf8')
  await open(t, folder, { selfSignedFor: config.selfSignedFor })
  t.equal(readFileSync(join(folder, 'self-signed.pem'), 'utf8'), made, 'it is made once')
})

t.test('the router takes what the contract says, and no id that is a path', async (t) => {
  const one = await madeFor('shop.example.org')
  const bodies = [
    [putCertificates.body, { certificates: [one] }],
    [putCertificates.body, { certificates: [{ ...one, automatic: 'yes' }] }],
    [putCertificates.body, { certificates: [{ ...one, hosts: 'a' }] }],
    [putChallenges.body, { http: [{ host: 'a.test', token: 't', answer: 'a' }], tls: [] }],
    [putChallenges.body, { http: [{ host: 'a.test' }], tls: [] }],
  ] as const
  for (const [schema, body] of bodies) {
    if (schema === undefined) throw new Error('it has no body')
    t.equal(
      shapeFault(schema, body) === null,
      Check(schema, body),
      JSON.stringify(body).slice(0, 80),
    )
  }
  const tls = await open(t, folderOf(t))
  const calls = certificateCalls(tls)
  const ask = async (endpoint: unknown, body: unknown): Promise<unknown> => {
    const found = calls.find((call) => call.endpoint === endpoint)
    return found?.answer(body, AbortSignal.timeout(1000))
  }
  const bad = ask(putCertificates, { certificates: [{ ...one, id: '../../etc/passwd' }] })
  await t.rejects(bad, { code: 'INVALID_PARAMS' })
  t.same(await ask(putCertificates, { certificates: [one] }), { digest: tls.digest })
  const challenge = { host: 'shop.example.org', token: 'token', answer: 'token.print' }
  t.same(await ask(putChallenges, { http: [challenge], tls: [] }), { count: 1 })
  t.equal(tls.challengeAnswer('Shop.example.org', 'token'), 'token.print')
  t.equal(tls.challengeAnswer('blog.example.org', 'token'), null)
  t.same(await ask(putChallenges, { http: [], tls: [] }), { count: 0 })
  t.equal(tls.challengeAnswer('shop.example.org', 'token'), null)
})
