import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { buildHere, buildpacks, isLacking, run } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }
const project = join(buildpacks, 'python/lib/project.py')
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
    [
      'runtime.txt asks for Python 2.7, but the stack',
      { 'requirements.txt': '', 'runtime.txt': '2.7' },
    ],
    ['There is a Pipfile but no Pipfile.lock', { Pipfile: '' }],
    ['pyproject.toml has no [project], and there is no poetry.lock', { 'pyproject.toml': '' }],
    ['pyproject.toml is not valid TOML', { 'pyproject.toml': '[project]\na' }],
    [
      'pyproject.toml asks for Python >=3.99, but',
      { 'pyproject.toml': '[project]\nrequires-python = ">=3.99"' },
    ],
    [
      'pyproject.toml asks for Python ~2.7, but',
      { 'poetry.lock': '', 'pyproject.toml': '[tool.poetry.dependencies]\npython = "~2.7"' },
    ],
    ['named in setup.py', { 'setup.py': '' }],
  ]
  for (const [sentence, files] of cases) {
    const { code, output } = await buildHere(t.testdir(files))
    t.equal(code, 1)
    t.match(output, sentence)
    t.match(output, /^hint: /m)
  }
})

t.test(
  'what a project asks of Python is understood as its package manager does',
  skip,
  async (t) => {
    const cases: [string, string][] = [
      ['>=3.10', ''],
      ['>=3.10,<3.11', '>=3.10,<3.11'],
      ['^3.9', ''],
      ['~=3.11', ''],
      ['~=3.10.2', '~=3.10.2'],
      ['~3.11', ''],
      ['==3.11.*', ''],
      ['!=3.11', '!=3.11'],
      ['>3.11', '>3.11'],
      ['>=3.8, <4', ''],
      ['3.10 || 3.12', ''],
    ]
    for (const [wanted, said] of cases) {
      const app = t.testdir({ 'pyproject.toml': `[project]\nrequires-python = "${wanted}"\n` })
      const { output } = await run('sh', [
        '-c',
        `cd "$1" && python3 "$2" requires 3.11.2`,
        'sh',
        app,
        project,
      ])
      t.equal(output.trim(), said, wanted)
    }
  },
)

t.test('Pipfile.lock is read as pip would read its packages', skip, async (t) => {
  const lock = {
    default: {
      flask: {
        version: '==3.0.0',
        extras: ['async'],
        hashes: ['sha256:a'],
        markers: "python_version >= '3.8'",
      },
      mine: { path: './mine', editable: true },
      theirs: { git: 'https://example.com/a.git', ref: 'abc' },
      any: { version: '*' },
    },
    develop: { pytest: { version: '==8.0.0' } },
  }
  const app = t.testdir({ 'Pipfile.lock': JSON.stringify(lock) })
  const { output } = await run('sh', ['-c', `cd "$1" && python3 "$2" pipfile`, 'sh', app, project])
  t.strictSame(output.trim().split('\n'), [
    "flask[async]==3.0.0 ; python_version >= '3.8' --hash=sha256:a",
    '-e ./mine',
    'theirs @ git+https://example.com/a.git@abc',
    'any',
  ])
})
