import { spawn, spawnSync } from 'node:child_process'
import type { Test } from 'tap'
import t from 'tap'
import { logIn } from '#contract/account.ts'
import { destroyApp, getConfig, listApps } from '#contract/app.ts'
import { runDyno } from '#contract/process.ts'
import { openDesk, program } from './app.ts'
import type { Desk } from './app.ts'
import { password } from './canned.ts'

/** `script` gives what it starts a terminal; it is part of every Debian. */
const giver = '/usr/bin/script'
const skip = spawnSync(giver, ['--version']).status === 0 ? false : 'no script(1) here'

interface Terminal {
  /** All that was shown so far. */
  shown(): string
  until(text: string): Promise<void>
  type(text: string): void
  ended: Promise<number | null>
}

function openTerminal(t: Test, desk: Desk, words: string, env = {}): Terminal {
  const line = `stty cols 91 rows 31; exec ${program} ${words}`
  const child = spawn(giver, ['-qefc', line, '/dev/null'], {
    cwd: desk.folder,
    env: { ...desk.env, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    timeout: 20_000,
  })
  t.teardown(() => child.kill())
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  return {
    shown: () => shown,
    type: (text) => void child.stdin.write(text),
    until: async (text) => {
      const untilMs = Date.now() + 10_000
      while (!shown.includes(text)) {
        if (Date.now() > untilMs) throw new Error(`never saw ${text} in: ${shown}`)
        await new Promise((done) => setTimeout(done, 20))
      }
    },
    ended: new Promise((done) => child.on('close', done)),
  }
}

t.test('login asks at a terminal, and the password does not show', { skip }, async (t) => {
  const desk = await openDesk(t)
  const terminal = openTerminal(t, desk, 'login', { DEIS_TOKEN: '' })
  await terminal.until('Email: ')
  terminal.type('ada@example.com\r')
  await terminal.until('Password: ')
  terminal.type(`${password}\r`)
  t.equal(await terminal.ended, 0)
  t.match(terminal.shown(), /Logged in to .+ as ada@example\.com/)
  t.notMatch(terminal.shown(), password)
  t.ok(desk.fake.last(logIn))
})

t.test('Ctrl-C at a question ends with 130', { skip }, async (t) => {
  const desk = await openDesk(t)
  const terminal = openTerminal(t, desk, 'login --email ada@example.com', { DEIS_TOKEN: '' })
  await terminal.until('Password: ')
  terminal.type('\u0003')
  t.equal(await terminal.ended, 130)
})

t.test('destroy asks for the name at a terminal', { skip }, async (t) => {
  const desk = await openDesk(t)
  const terminal = openTerminal(t, desk, 'destroy -a shop')
  await terminal.until('Type its name: ')
  terminal.type('shop\r')
  t.equal(await terminal.ended, 0)
  t.ok(desk.fake.last(destroyApp))
})

t.test(
  'what takes long shows progress at a terminal, in colour unless NO_COLOR',
  { skip },
  async (t) => {
    const desk = await openDesk(t)
    desk.fake.on(listApps, async () => {
      await new Promise((done) => setTimeout(done, 700))
      return { body: [] }
    })
    const terminal = openTerminal(t, desk, 'apps')
    t.equal(await terminal.ended, 0)
    t.match(terminal.shown(), `Waiting for ${desk.fake.url}`)
    const red = openTerminal(t, desk, 'nope')
    await red.ended
    t.match(red.shown(), '\u001B[31merror:')
    const plain = openTerminal(t, desk, 'nope', { NO_COLOR: '1' })
    await plain.ended
    t.match(plain.shown(), /^error: /)
  },
)

t.test(
  'run at a terminal sends keys, the window size and Ctrl-C as they are',
  { skip },
  async (t) => {
    const desk = await openDesk(t)
    const got: string[] = []
    desk.fake.onAttach((end) =>
      end.frames((kind, payload) => {
        const bytes = Buffer.from(payload)
        got.push(kind === 'resize' ? `resize ${[...bytes].join()}` : `${kind} ${bytes.toString()}`)
        if (kind === 'resize') end.send('stdout', Buffer.from('$ '))
        if (bytes.includes(3)) end.send('exit', new Uint8Array([0, 0, 0, 130]))
      }),
    )
    const terminal = openTerminal(t, desk, 'run -a shop bash')
    await terminal.until('$ ')
    terminal.type('l')
    await new Promise((done) => setTimeout(done, 100))
    terminal.type('\u0003')
    t.equal(await terminal.ended, 130)
    t.same(got, ['resize 0,91,0,31', 'input l', 'input \u0003'])
    t.match(desk.fake.last(runDyno)?.body, { tty: true, columns: 91, rows: 31 })
  },
)

t.test('config is aligned at a terminal, and cannot move the cursor', { skip }, async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(getConfig, () => ({ body: { COLOUR: 'blue', EVIL_ONE: '\u001B[2Jx' } }))
  const terminal = openTerminal(t, desk, 'config -a shop')
  t.equal(await terminal.ended, 0)
  t.equal(terminal.shown(), 'COLOUR    = blue\r\nEVIL_ONE  = \\x1b[2Jx\r\n')
})
