import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { addKey, addUser, logIn, logOut, whoAmI } from '#contract/account.ts'
import { failure } from '#contract/error.ts'
import { openDesk } from './app.ts'
import { password, token } from './canned.ts'

const nobody = { DEIS_TOKEN: undefined, DEIS_URL: undefined }
const email = 'ada@example.com'

t.test('login keeps the token for its server, in a file nobody else can read', async (t) => {
  const desk = await openDesk(t)
  const { url } = desk.fake
  const words = ['login', '--server', `${url}/`, '--email', email, '--password-stdin']
  const got = await desk.app(words, { env: nobody, input: `${password}\n` })
  t.same(got, { code: 0, stdout: '', stderr: `Logged in to ${url} as ${email}.\n` })
  const path = join(desk.folder, '.config', 'slipway', 'credentials.json')
  t.equal((await stat(path)).mode & 0o777, 0o600)
  t.same(JSON.parse(await readFile(path, 'utf8')), {
    server: url,
    accounts: { [url]: { email, token } },
  })
  t.match(await desk.app(['whoami'], { env: nobody }), { code: 0, stdout: `${email}\n` })
})

t.test('a token is never shown to another server', async (t) => {
  const desk = await openDesk(t)
  const other = await openDesk(t)
  await desk.app(['login', '--token-stdin'], { env: { DEIS_TOKEN: undefined }, input: token })
  const env = { DEIS_TOKEN: undefined, DEIS_URL: other.fake.url }
  t.match(await desk.app(['whoami'], { env }), { code: 3 })
  t.same(other.fake.asked, [])
})

t.test('XDG_CONFIG_HOME says where the credentials are', async (t) => {
  const desk = await openDesk(t)
  const env = { DEIS_TOKEN: undefined, XDG_CONFIG_HOME: join(desk.folder, 'cfg') }
  t.match(await desk.app(['login', '--token-stdin'], { env, input: `${token}\n` }), { code: 0 })
  t.ok((await stat(join(desk.folder, 'cfg', 'slipway', 'credentials.json'))).isFile())
})

t.test('login asks nobody where there is no terminal', async (t) => {
  const desk = await openDesk(t)
  const got = await desk.app(['login'], { input: 'ada\nsecret\n' })
  t.match(got, {
    code: 2,
    stderr: /without a terminal\.\nhint: Give it: `app login --email EMAIL --pass/,
  })
  t.equal(desk.fake.last(logIn), undefined)
})

t.test('a wrong password or token is told, and nothing is kept', async (t) => {
  const desk = await openDesk(t)
  const words = ['login', '--email', email, '--password-stdin']
  const got = await desk.app(words, { input: 'wrong' })
  t.match(got, { code: 3, stderr: /^error: Email and password do not match\./ })
  t.match(await desk.app(['login', '--token-stdin'], { input: 'wrong' }), { code: 3 })
  t.match(await desk.app(['login', '--token-stdin'], { input: '' }), { code: 2 })
  t.match(await desk.app(['whoami'], { env: { DEIS_TOKEN: undefined } }), { code: 3 })
})

t.test(
  'logout revokes the token and forgets it, also when the server knows it no more',
  async (t) => {
    const desk = await openDesk(t)
    const env = { DEIS_TOKEN: undefined }
    await desk.app(['login', '--token-stdin'], { env, input: token })
    t.match(await desk.app(['logout'], { env }), { code: 0, stderr: /^Logged out from/ })
    t.match(desk.fake.last(logOut)?.headers, { authorization: `Bearer ${token}` })
    t.match(await desk.app(['whoami'], { env }), { code: 3 })
    await desk.app(['login', '--token-stdin'], { env, input: token })
    desk.fake.on(logOut, () => {
      throw failure('UNAUTHORIZED', {})
    })
    t.match(await desk.app(['logout'], { env }), { code: 0 })
  },
)

t.test('keys:add takes the usual key, a named one, or standard input', async (t) => {
  const desk = await openDesk(t)
  t.match(await desk.app(['keys:add']), {
    code: 2,
    stderr: /there is none in .+\.ssh.+ssh-keygen/s,
  })
  await mkdir(join(desk.folder, '.ssh'))
  await writeFile(join(desk.folder, '.ssh', 'id_ed25519.pub'), 'ssh-ed25519 AAAA me\n')
  t.match(await desk.app(['keys:add']), { code: 0, stderr: /^Added ada@laptop \(SHA256:/ })
  t.same(desk.fake.last(addKey)?.body, { public_key: 'ssh-ed25519 AAAA me' })
  t.match(await desk.app(['keys', 'add', '-'], { input: 'ssh-ed25519 BBBB\n' }), { code: 0 })
  t.same(desk.fake.last(addKey)?.body, { public_key: 'ssh-ed25519 BBBB' })
})

t.test('a private key that is named by mistake is not sent', async (t) => {
  const desk = await openDesk(t)
  await writeFile(join(desk.folder, 'id'), '-----BEGIN OPENSSH PRIVATE KEY-----\n')
  t.match(await desk.app(['keys:add', 'id']), { code: 2, stderr: /private key; nothing was sent/ })
  t.equal(desk.fake.last(addKey), undefined)
})

t.test('users:create reads the password from standard input, or asks for it', async (t) => {
  const desk = await openDesk(t)
  const words = ['users:create', 'bo@example.com']
  t.match(await desk.app(words), { code: 2, stderr: /^error: .+\n.+--password-stdin/ })
  const got = await desk.app([...words, '--password-stdin'], { input: 'a long password\n' })
  t.match(got, { code: 0, stderr: /^Made an account for bo@example\.com/ })
  t.same(desk.fake.last(addUser)?.body, { email: 'bo@example.com', password: 'a long password' })
})

t.test('a warning is given before a password goes over an open network', async (t) => {
  const desk = await openDesk(t)
  const words = ['login', '--server', 'http://192.0.2.1', '--token-stdin']
  t.match(await desk.app(words, { input: '' }), {
    code: 2,
    stderr: /^warning: .+ is not encrypted/,
  })
  t.equal(desk.fake.last(whoAmI), undefined)
})
