import t from 'tap'
import { openWorld, run } from './fixture.ts'

const path = { PATH: process.env['PATH'] ?? '' }
const hasAudit = (await run('/', ['sh', '-c', 'command -v ssh-audit'], path)).code === 0

t.test(
  'ssh-audit finds nothing to fail',
  { skip: hasAudit ? false : 'ssh-audit is not installed' },
  async (t) => {
    const world = await openWorld(t)
    const port = String(world.builder.sshPort)
    const { text } = await run('/', ['ssh-audit', '-n', '-p', port, '127.0.0.1'], path)
    t.match(text, 'curve25519-sha256')
    t.match(text, 'mlkem768x25519-sha256')
    t.notMatch(text, '[fail]')
    // What this version of it does not know yet is no fault.
    const warnings = text.split('\n').filter((line) => line.includes('[warn]'))
    t.strictSame(
      warnings.filter((line) => !line.includes('unknown algorithm')),
      [],
    )
  },
)

/** An `ssh` of OpenSSH 10.1 or newer, with its arguments: `/path/ld.so --library-path … ssh`. */
const newSsh = process.env['SLIPWAY_TEST_NEW_SSH'] ?? ''

t.test(
  'an OpenSSH that warns of old key exchanges has nothing to warn of',
  { skip: newSsh === '' ? 'SLIPWAY_TEST_NEW_SSH is not set' : false },
  async (t) => {
    const world = await openWorld(t)
    const [, ...args] = world.sshArgv(['whoami'])
    const shown = args.map((arg) => (arg === 'LogLevel=ERROR' ? 'LogLevel=INFO' : arg))
    const { code, text } = await run(world.root, [...newSsh.split(' '), ...shown])
    t.equal(code, 1, 'there is no such call in this controller')
    t.notMatch(text, /warning: connection|post-quantum|store now/i)
    const verbose = await run(world.root, [...newSsh.split(' '), '-v', ...shown])
    t.match(verbose.text, 'kex: algorithm: mlkem768x25519-sha256')
  },
)
