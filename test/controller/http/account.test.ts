import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  addKey,
  addUser,
  listKeys,
  logIn,
  logOut,
  removeKey,
  setUp,
  whoAmI,
} from '#contract/account.ts'
import { call } from '#contract/call.ts'
import { findKey } from '#contract/push.ts'
import { setupSecret, startPlatform } from '#test/controller/platform.ts'

const account = { email: 'alice@example.com', password: 'correct horse' }
const basic = (name: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})

t.test('the first administrator needs the secret of the host, and is the only first', async (t) => {
  const { nobody } = await startPlatform(t)
  const wrong = nobody(setUp, { body: { ...account, secret: 'guess' } })
  await t.rejects(wrong, { code: 'SETUP_SECRET_WRONG', status: 403 })
  const made = await nobody(setUp, { body: { ...account, secret: setupSecret } })
  const me = await call({ ...nobody.peer, token: made.access_token.token }, whoAmI)
  t.match(me, { email: account.email, admin: true })
  const again = nobody(setUp, { body: { ...account, secret: setupSecret } })
  await t.rejects(again, { code: 'SETUP_DONE', status: 409 })
})

t.test('a user logs in with email and password, and out with the token', async (t) => {
  const { nobody, user } = await startPlatform(t)
  const admin = await user('root@example.com', { admin: true })
  await admin(addUser, { body: account })
  await t.rejects(admin(addUser, { body: { ...account, email: 'ALICE@example.com' } }), {
    code: 'USER_TAKEN',
  })
  const headers = basic(account.email, account.password)
  const { access_token, user: who } = await nobody(logIn, { body: {}, headers })
  t.equal(who.email, account.email)
  t.equal(access_token.expires_in, 365 * 86_400)
  const alice = { ...nobody.peer, token: access_token.token }
  t.match(await call(alice, whoAmI), { email: account.email, admin: false })
  t.match(
    await nobody(whoAmI, { headers: basic('any name', access_token.token) }),
    { email: account.email },
    'the token may be the password of Basic',
  )
  await call(alice, logOut)
  await t.rejects(call(alice, whoAmI), { code: 'UNAUTHORIZED', status: 401 })
})

t.test('a token that has expired is nobody', async (t) => {
  let now = new Date('2026-01-31T10:00:00Z')
  const { user, nobody } = await startPlatform(t, { now: () => now })
  const alice = await user(account.email)
  const short = await nobody(logIn, {
    body: { expires_in: 60 },
    headers: { authorization: `Bearer ${alice.peer.token ?? ''}` },
  })
  const peer = { ...nobody.peer, token: short.access_token.token }
  t.match(await call(peer, whoAmI), { email: account.email })
  now = new Date('2026-01-31T10:01:01Z')
  await t.rejects(call(peer, whoAmI), { code: 'UNAUTHORIZED' })
})

t.test('guessing passwords ends after ten tries, for a minute', async (t) => {
  let now = new Date('2026-01-31T10:00:00Z')
  const { nobody } = await startPlatform(t, { now: () => now })
  const guess = (): Promise<unknown> =>
    nobody(logIn, { body: {}, headers: { authorization: 'Bearer guess' } })
  const tries = await Promise.allSettled(Array.from({ length: 12 }, guess))
  const codes = tries.map((end) => (end.status === 'rejected' ? end.reason.code : 'in'))
  t.equal(codes.filter((code) => code === 'LOGIN_WRONG').length, 10)
  t.equal(codes.filter((code) => code === 'TOO_MANY').length, 2)
  now = new Date('2026-01-31T10:01:00Z')
  await t.rejects(guess(), { code: 'LOGIN_WRONG' })
})

t.test('a wrong password and an unknown account get the same answer', async (t) => {
  const { nobody } = await startPlatform(t)
  await nobody(setUp, { body: { ...account, secret: setupSecret } })
  for (const headers of [basic(account.email, 'wrong'), basic('who@example.com', 'wrong')]) {
    await t.rejects(nobody(logIn, { body: {}, headers }), { code: 'LOGIN_WRONG', status: 401 })
  }
})

t.test('a key belongs to one account, and says who pushes', async (t) => {
  const { user, builder, folder } = await startPlatform(t)
  const [alice, bob] = [await user('alice@example.com'), await user('bob@example.com')]
  const { line, fingerprint } = makeKey(folder, 'ed25519')
  const key = await alice(addKey, { body: { public_key: line } })
  t.match(key, { fingerprint, comment: 'alice@laptop', email: 'alice@example.com' })
  t.equal((await alice(listKeys)).length, 1)
  t.same(await bob(listKeys), [])
  await t.rejects(bob(addKey, { body: { public_key: line } }), { code: 'KEY_TAKEN' })
  await t.rejects(bob(removeKey, { params: { key: key.id } }), { code: 'KEY_NOT_FOUND' })
  const found = await builder(findKey, { params: { fingerprint } })
  t.same(found, { user: { id: alice.id, email: 'alice@example.com' } })
  await alice(removeKey, { params: { key: fingerprint } })
  await t.rejects(builder(findKey, { params: { fingerprint } }), { code: 'KEY_NOT_FOUND' })
})

t.test('keys that are weak, private or none are refused with the reason', async (t) => {
  const { user, folder } = await startPlatform(t)
  const alice = await user('alice@example.com')
  const strong = makeKey(folder, 'ed25519')
  const refused: Record<string, [string, RegExp]> = {
    short: [makeKey(folder, 'rsa', '1024').line, /RSA key needs 2048 bits, this has 1024/],
    dsa: ['ssh-dss AAAAB3NzaC1kc3MAAACB me', /DSA keys are too weak/],
    token: ['sk-ssh-ed25519@openssh.com AAAA me', /cannot be read/],
    private: [readFileSync(join(folder, 'ed25519'), 'utf8'), /private key: keep that/],
    options: [`command="sh" ${strong.line}`, /does not begin with/],
    two: [`${strong.line}\n${strong.line}`, /more than one line/],
    cut: [strong.line.slice(0, 40), /cannot be read/],
    nothing: ['', /does not begin with/],
  }
  for (const [name, [public_key, message]] of Object.entries(refused)) {
    await t.rejects(alice(addKey, { body: { public_key } }), { code: 'KEY_INVALID', message }, name)
  }
  const rsa = makeKey(folder, 'rsa', '2048')
  t.match(await alice(addKey, { body: { public_key: rsa.line } }), { fingerprint: rsa.fingerprint })
})

function makeKey(
  folder: string,
  type: string,
  bits?: string,
): { line: string; fingerprint: string } {
  const path = join(folder, `${type}${bits ?? ''}`)
  const size = bits === undefined ? [] : ['-b', bits]
  const argv = ['-q', '-t', type, ...size, '-N', '', '-C', 'alice@laptop', '-f', path]
  execFileSync('ssh-keygen', argv)
  const line = readFileSync(`${path}.pub`, 'utf8')
  const listed = execFileSync('ssh-keygen', ['-l', '-f', `${path}.pub`], { encoding: 'utf8' })
  return { line, fingerprint: listed.split(' ')[1] ?? '' }
}
