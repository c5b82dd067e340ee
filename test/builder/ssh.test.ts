import { connect } from 'node:net'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openWorld, refsOf, Repo, run } from './fixture.ts'

t.test('who has a key but no command is greeted and told how to push', async (t) => {
  const world = await openWorld(t)
  const { code, text } = await world.ssh([])
  t.equal(code, 1)
  t.match(text, 'Hi alice@example.com! Slipway has no shell. Push with: git push deis main')
})

t.test(
  'a key nobody registered is no way in, nor is another user name with a good key',
  async (t) => {
    const world = await openWorld(t)
    t.match((await world.ssh([], 'mallory')).text, 'Permission denied (publickey)')
    const options = ['-i', join(world.root, 'alice'), '-p', String(world.builder.sshPort)]
    const quiet = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
    const asRoot = ['ssh', '-F', '/dev/null', ...options, ...quiet, '-o', 'BatchMode=yes']
    const { text } = await run(world.root, [...asRoot, 'root@127.0.0.1'])
    t.match(text, 'Permission denied (publickey)')
  },
)

t.test('only the commands of git are known, to the letter', async (t) => {
  const world = await openWorld(t)
  const refused = [
    'id',
    'git-receive-pack hello.git',
    "git-receive-pack 'hello.git'; id",
    "git-receive-pack '../hello.git'",
    "git-receive-pack '--upload-pack=id'",
    "git-upload-archive 'hello.git'",
    "git-upload-pack 'hello.git' --timeout=1",
    "git-receive-pack 'Hello.git'",
  ]
  for (const command of refused) {
    const { code, text } = await world.ssh([command])
    t.equal(code, 1, command)
    t.match(text, 'error: Slipway does not know this command.')
  }
})

t.test('an app that is not yours and one that is not there get the same answer', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('secret', { id: 'bob', email: 'bob@example.com' })
  const repo = await Repo.make(world)
  const theirs = await repo.push('secret', 'main')
  const missing = await repo.push('nobody', 'main')
  t.match(theirs.text, 'error: There is no app "secret", or it is not yours.')
  const plain = (text: string, name: string): string => text.replaceAll(name, 'APP')
  t.equal(plain(theirs.text, 'secret'), plain(missing.text, 'nobody'))
  t.match(
    (await run(world.root, ['git', 'clone', world.url('secret')], world.env())).text,
    'no app',
  )
})

t.test('no terminal, no forwarding, no subsystem, no variables of the client', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  t.match((await world.ssh(['-s', 'sftp'])).text, /subsystem request failed/)
  t.match((await world.ssh(['-tt'])).text, /PTY allocation request failed/)
  const forward = await world.ssh(['-o', 'ExitOnForwardFailure=yes', '-N', '-R', '0:localhost:22'])
  t.match(forward.text, /remote port forwarding failed/)

  const repo = await Repo.make(world)
  const env = {
    ...world.env(),
    GIT_DIR_EVIL: '1',
    GIT_SSH_COMMAND: `${world.env()['GIT_SSH_COMMAND']} -o SetEnv=GIT_EXEC_PATH=/tmp/evil`,
  }
  const pushed = await run(repo.path, ['git', 'push', world.url('hello'), 'main'], env)
  t.equal(pushed.code, 0, pushed.text)
})

t.test('clone and fetch give what was pushed, in protocol 2 as well', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  await repo.push('hello', 'main')
  for (const version of ['0', '2']) {
    const args = ['git', '-c', `protocol.version=${version}`, 'clone', '-q', world.url('hello')]
    const copy = `copy-${version}`
    const { code, text } = await run(world.root, [...args, copy], world.env())
    t.equal(code, 0, text)
    t.equal(await readFile(join(world.root, copy, 'server.js'), 'utf8'), 'console.log(1)\n')
  }
})

t.test('an app pushed from master is cloned from master', async (t) => {
  const world = await openWorld(t)
  world.controller.addApp('hello', world.alice)
  const repo = await Repo.make(world)
  t.equal((await repo.push('hello', 'main:master')).code, 0)
  t.match(Object.keys(await refsOf(world, 'hello')), ['refs/heads/master'])
  const { text } = await run(world.root, ['git', 'clone', world.url('hello'), 'copy'], world.env())
  t.notMatch(text, 'nonexistent ref')
})

t.test('old algorithms are not spoken', async (t) => {
  const world = await openWorld(t)
  const old = ['KexAlgorithms=ecdh-sha2-nistp256', 'Ciphers=aes128-cbc', 'MACs=hmac-sha1']
  for (const option of old) {
    const ciphers = option.startsWith('MACs') ? ['-o', 'Ciphers=aes128-ctr'] : []
    const { code, text } = await world.ssh(['-o', option, ...ciphers])
    t.equal(code, 255, option)
    t.notMatch(text, 'Hi alice')
  }
})

t.test('connections from one address are limited', async (t) => {
  const world = await openWorld(t, { SLIPWAY_SSH_CONNECTIONS_PER_SOURCE: '2' })
  const open = () => connect(world.builder.sshPort, '127.0.0.1')
  const [first, second] = [open(), open()]
  await Promise.all([once(first, 'data'), once(second, 'data')])
  const third = open()
  third.on('error', () => undefined)
  await once(third, 'close')
  t.equal(third.bytesRead, 0)
  first.destroy()
  second.destroy()
})

t.test('our key exchange goes out with what acknowledges the client’s', async (t) => {
  const world = await openWorld(t)
  const client = connect(world.builder.sshPort, '127.0.0.1')
  t.teardown(() => client.destroy())
  const [ident] = (await once(client, 'data')) as [Buffer]
  t.equal(ident.toString(), 'SSH-2.0-slipway\r\n')
  client.write('SSH-2.0-test\r\n')
  await pause(10)
  t.equal(client.bytesRead, ident.length)
  // Padding and all, as long as a real one; that it says nothing sensible is found out afterwards.
  client.write(Buffer.alloc(1024))
  const [exchange] = (await once(client, 'data')) as [Buffer]
  t.match(exchange.toString('latin1'), 'curve25519-sha256')
})

t.test('a client that waits for our key exchange gets it', async (t) => {
  const world = await openWorld(t)
  const client = connect(world.builder.sshPort, '127.0.0.1')
  t.teardown(() => client.destroy())
  await once(client, 'data')
  client.write('SSH-2.0-test\r\n')
  const [exchange] = (await once(client, 'data')) as [Buffer]
  t.match(exchange.toString('latin1'), 'curve25519-sha256')
})

t.test('the post-quantum key exchange is spoken', async (t) => {
  const world = await openWorld(t)
  const { default: ssh2 } = await import('ssh2')
  const client = new ssh2.Client()
  client.on('error', () => undefined)
  const agreed = once(client, 'handshake') as Promise<[{ kex: string }]>
  const greeted = once(client, 'ready')
  client.connect({
    host: '127.0.0.1',
    port: world.builder.sshPort,
    username: 'git',
    privateKey: await readFile(join(world.root, 'alice')),
    algorithms: { kex: ['mlkem768x25519-sha256' as 'curve25519-sha256'] },
  })
  t.equal((await agreed)[0].kex, 'mlkem768x25519-sha256')
  await greeted
  const closed = once(client, 'close')
  client.end()
  await closed
})
