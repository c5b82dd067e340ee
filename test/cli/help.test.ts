import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { commands } from '#cli/commands.ts'
import { openDesk, program } from './app.ts'

const written = new URL('help.txt', import.meta.url)

t.test('help is what people read it to be', async (t) => {
  const desk = await openDesk(t)
  const parts: string[] = []
  for (const words of [['help'], ...[...commands.keys()].map((name) => ['help', name])]) {
    const { code, stdout } = await desk.app(words)
    t.equal(code, 0)
    parts.push(`$ app ${words.join(' ')}\n${stdout}`)
  }
  const text = parts.join('\n')
  // UPDATE_HELP=1 writes it anew; read the difference before it is kept.
  if (process.env['UPDATE_HELP'] === '1') await writeFile(written, text)
  t.equal(text, await readFile(written, 'utf8'))
})

t.test('every command shows an example of itself', async (t) => {
  const text = await readFile(written, 'utf8')
  for (const name of commands.keys()) {
    t.match(text, new RegExp(`Examples:\\n(.+\\n)*.*app ${name}`), name)
  }
})

t.test('help is asked for in any way people know', async (t) => {
  const desk = await openDesk(t)
  const usage = /^Usage: app config:set /
  t.match(await desk.app(['config:set', '--help']), { code: 0, stdout: usage, stderr: '' })
  t.match(await desk.app(['config', 'set', '-h']), { code: 0, stdout: usage })
  t.match(await desk.app(['help', 'config', 'set']), { code: 0, stdout: usage })
  t.match(await desk.app(['--help']), { code: 0, stdout: /^Push code/ })
  t.match(await desk.app(['help', 'nope']), { code: 2 })
})

t.test('the command runs from wherever it is linked', async (t) => {
  const desk = await openDesk(t)
  await mkdir(join(desk.folder, 'bin'))
  await symlink(program, join(desk.folder, 'bin', 'first'))
  await symlink('first', join(desk.folder, 'bin', 'app'))
  const got = await desk.app(['version'], { env: {} })
  const { execFileSync } = await import('node:child_process')
  const linked = execFileSync(join(desk.folder, 'bin', 'app'), ['version'], {
    env: desk.env,
    encoding: 'utf8',
  })
  t.equal(linked, got.stdout)
})
