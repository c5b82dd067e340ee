import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fingerprintOf } from '#builder/receive/fingerprint.ts'
import { readCertificate } from '#builder/receive/keys/certificate.ts'
import { parseSshKey, readSshKey } from '#lib/ssh-key.ts'
import { ecdsaToken, ed25519Token, serveAgent, type Token } from './agent.ts'
import { openWorld, run, type Ended, type World } from './fixture.ts'

function keygen(world: World, ...args: string[]): void {
  execFileSync('ssh-keygen', ['-q', ...args], {
    cwd: world.root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What `ssh` says that has a token plugged in, registered for alice or not. */
async function withToken(t: Test, world: World, token: Token, isKnown = true): Promise<Ended> {
  const path = join(world.root, `agent-${Math.random().toString(36).slice(2)}`)
  t.teardown(await serveAgent(path, token))
  if (isKnown) world.controller.users.set(fingerprintOf(token.blob), world.alice)
  const options = ['-F', '/dev/null', '-o', `IdentityAgent=${path}`, '-o', 'BatchMode=yes']
  const quiet = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
  const port = ['-p', String(world.builder.sshPort)]
  return run(world.root, ['ssh', ...options, ...quiet, ...port, 'git@127.0.0.1'])
}

for (const [kind, make] of [
  ['Ed25519', ed25519Token],
  ['ECDSA', ecdsaToken],
] as const) {
  t.test(`a key on a hardware token lets in: ${kind}`, async (t) => {
    const world = await openWorld(t)
    t.match((await withToken(t, world, make())).text, 'Hi alice@example.com!')
    const denied = 'Permission denied (publickey)'
    t.match((await withToken(t, world, make(), false)).text, denied, 'not one nobody knows')
    t.match((await withToken(t, world, make({ isTouched: false }))).text, denied, 'not untouched')
    const elsewhere = make({ application: 'https://example.com' })
    t.match((await withToken(t, world, elsewhere)).text, denied, 'not asked by somebody else')
  })
}

t.test('keys of every kind we take let in', async (t) => {
  const world = await openWorld(t)
  for (const [name, ...args] of [
    ['rsa', '-t', 'rsa', '-b', '2048'],
    ['p256', '-t', 'ecdsa', '-b', '256'],
    ['p521', '-t', 'ecdsa', '-b', '521'],
    ['weak', '-t', 'rsa', '-b', '1024'],
  ] as const) {
    keygen(world, ...args, '-N', '', '-f', name)
    const key = parseSshKey(await readFile(join(world.root, `${name}.pub`), 'utf8'))
    world.controller.users.set(fingerprintOf(key?.blob ?? Buffer.alloc(0)), world.alice)
    const expected = name === 'weak' ? 'Permission denied' : 'Hi alice@example.com!'
    t.match((await world.ssh([], name)).text, expected, name)
  }
  const sha1 = await world.ssh(['-o', 'PubkeyAcceptedAlgorithms=ssh-rsa'], 'rsa')
  t.match(sha1.text, 'Permission denied', 'RSA with SHA-1')
})

interface Issue {
  readonly principals?: string
  readonly validity?: string
  readonly options?: readonly string[]
  readonly authority?: string
  readonly key?: string
}

/** What `ssh` says with a certificate for a key that nobody registered. */
async function withCertificate(world: World, issue: Issue): Promise<Ended> {
  const { principals = 'alice@example.com', validity = '+5m', options = [], key = 'guest' } = issue
  const of = ['-s', issue.authority ?? 'ca', '-I', 'test', '-n', principals, '-V', validity]
  keygen(world, ...of, ...options, `${key}.pub`)
  return world.ssh(['-o', `CertificateFile=${join(world.root, `${key}-cert.pub`)}`], key)
}

async function openCertifying(t: Test): Promise<World> {
  const world = await openWorld(t, { SLIPWAY_SSH_USER_CA: '/dev/null' })
  for (const name of ['ca', 'other-ca', 'guest'])
    keygen(world, '-t', 'ed25519', '-N', '', '-f', name)
  keygen(world, '-t', 'rsa', '-b', '3072', '-N', '', '-f', 'rsa-ca')
  keygen(world, '-t', 'rsa', '-b', '2048', '-N', '', '-f', 'rsa-guest')
  const keys = ['ca', 'rsa-ca'].map((name) => readFile(join(world.root, `${name}.pub`), 'utf8'))
  const file = join(world.root, 'authorities')
  await writeFile(file, `# ours\n\n${(await Promise.all(keys)).join('')}`)
  await world.restart({ SLIPWAY_SSH_USER_CA: file })
  return world
}

t.test('a certificate of a declared authority lets in whom it names', async (t) => {
  const world = await openCertifying(t)
  const hi = 'Hi alice@example.com!'
  t.match((await withCertificate(world, {})).text, hi)
  t.match((await withCertificate(world, { authority: 'rsa-ca' })).text, hi)
  t.match((await withCertificate(world, { key: 'rsa-guest' })).text, hi)
  t.match((await withCertificate(world, { principals: 'ops,alice@example.com' })).text, hi)
})

t.test('no other certificate does', async (t) => {
  const world = await openCertifying(t)
  const bob = { id: 'b', email: 'bob@example.com' }
  world.controller.users.set('SHA256:bob', bob)
  const refused: Record<string, Issue> = {
    'of another authority': { authority: 'other-ca' },
    'for nobody we know': { principals: 'eve@example.com' },
    'for two of us': { principals: 'alice@example.com,bob@example.com' },
    'not valid any more': { validity: '-10m:-5m' },
    'not valid yet': { validity: '+5m:+10m' },
    'with a condition': { options: ['-O', 'force-command=true'] },
    'with an address': { options: ['-O', 'source-address=127.0.0.1'] },
    'of a host': { options: ['-h'] },
  }
  for (const [what, issue] of Object.entries(refused)) {
    t.match((await withCertificate(world, issue)).text, 'Permission denied (publickey)', what)
  }
})

t.test('a certificate that was changed is not genuine; garbage is none', async (t) => {
  const world = await openCertifying(t)
  await withCertificate(world, {})
  const [, base64 = ''] = (await readFile(join(world.root, 'guest-cert.pub'), 'utf8')).split(' ')
  const blob = Buffer.from(base64, 'base64')
  t.equal(readCertificate(blob)?.isGenuine, true)
  const at = blob.indexOf('alice')
  blob[at] = 'm'.charCodeAt(0)
  t.equal(readCertificate(blob)?.isGenuine, false)
  for (let length = 0; length < blob.length; length += 7) {
    t.equal(readCertificate(blob.subarray(0, length)), null)
    t.equal(readSshKey(blob.subarray(0, length)), null)
  }
})

t.test('without a declared authority no certificate lets in', async (t) => {
  const world = await openWorld(t)
  for (const name of ['ca', 'guest']) keygen(world, '-t', 'ed25519', '-N', '', '-f', name)
  t.match((await withCertificate(world, {})).text, 'Permission denied (publickey)')
})

t.test('a file of authorities that holds something else stops the builder', async (t) => {
  const { root } = await openWorld(t)
  await writeFile(join(root, 'x'), 'ssh-ed25519 nonsense\n')
  const { readAuthorities } = await import('#builder/receive/keys/authorities.ts')
  await t.rejects(readAuthorities(join(root, 'x')), { message: /has a line that is no public key/ })
  await t.rejects(readAuthorities(join(root, 'missing')), { message: /cannot be read/ })
})

t.test('behind a load balancer the address it tells is the one that counts', async (t) => {
  const world = await openWorld(t, {
    SLIPWAY_SSH_PROXY_PROTOCOL: 'on',
    SLIPWAY_SSH_CONNECTIONS_PER_SOURCE: '1',
  })
  const from = async (preamble: string): Promise<string> => {
    const socket = connect(world.builder.sshPort, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    socket.write(preamble)
    const greeted = once(socket, 'data').then(([data]) => String(data))
    return Promise.race([greeted, once(socket, 'close').then(() => 'closed')])
  }
  const line = (ip: string): string => `PROXY TCP4 ${ip} 127.0.0.1 1234 22\r\n`
  t.match(await from(line('192.0.2.1')), 'SSH-2.0-slipway')
  t.match(await from(line('192.0.2.2')), 'SSH-2.0-slipway')
  t.equal(await from(line('192.0.2.1')), 'closed', 'the second of the same address')
  t.equal(await from('SSH-2.0-client\r\n'), 'closed', 'nobody comes around it')
  const binary = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x09\x7f\0\0\x01\x04\xd2\0\x16'
  t.match(await from(binary.replace(/\xc0/, '\x0a')), 'SSH-2.0-slipway', 'version 2')
})
