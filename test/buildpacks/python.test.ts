import { spawnSync } from 'node:child_process'
import t from 'tap'
import { buildHere, isLacking } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }
const Procfile = 'web: gunicorn app:app'
const python = spawnSync('python3', ['--version']).stdout?.toString().split(' ')[1] ?? ''
const minor = python.split('.').slice(0, 2).join('.')

t.test('uv is asked for when the store has none', skip, async (t) => {
  const app = t.testdir({
    'requirements.txt': 'flask',
    Procfile,
    'runtime.txt': `python-${minor}.1`,
  })
  const { code, result } = await buildHere(app)
  t.equal(code, 75)
  t.strictSame(result.needs, [{ pack: 'python', name: 'uv', spec: 'latest' }])
})

t.test('what must be corrected is said, with the file and the next step', skip, async (t) => {
  const cases: [string, Record<string, string>][] = [
    ['there is no Procfile', { 'requirements.txt': '' }],
    ['runtime.txt asks for Python 2.7', { 'requirements.txt': '', 'runtime.txt': 'python-2.7.18' }],
    ['.python-version asks for Python 3.99', { 'requirements.txt': '', '.python-version': '3.99' }],
    ['named in Pipfile', { Pipfile: '' }],
    ['named in setup.py', { 'setup.py': '' }],
  ]
  for (const [sentence, files] of cases) {
    const { code, output } = await buildHere(t.testdir(files))
    t.equal(code, 1)
    t.match(output, sentence)
    t.match(output, /^hint: /m)
  }
})
