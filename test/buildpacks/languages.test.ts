import { join } from 'node:path'
import t from 'tap'
import { buildHere, buildpacks, isLacking, run } from './pack.ts'

const skip = isLacking === false ? {} : { skip: `${isLacking} is not on this host` }

t.test('each language is known by its own files and asks for its own runtime', skip, async (t) => {
  const cases: [string, Record<string, string>][] = [
    ['bun 1.4.5', { 'package.json': '{"packageManager":"bun@1.4.5"}' }],
    ['bun ^1.2', { 'package.json': '{"engines":{"bun":"^1.2"}}', 'bun.lock': '' }],
    ['bun 1.x', { 'package.json': '{}', 'bun.lock': '' }],
    ['deno 2.x', { 'deno.json': '{}', 'package.json': '{}' }],
    ['deno 2.1.0', { 'deno.jsonc': '{}', '.deno-version': '2.1.0\n' }],
    ['java default', { 'pom.xml': '<project/>' }],
    ['java 21', { 'pom.xml': '<maven.compiler.release>21</maven.compiler.release>' }],
    ['java 17', { 'pom.xml': '<java.version>21', 'system.properties': 'java.runtime.version=17' }],
    ['java 8', { 'pom.xml': '<maven.compiler.target>1.8</maven.compiler.target>' }],
    ['java 25', { 'build.gradle.kts': 'languageVersion = JavaLanguageVersion.of(25)' }],
    ['rust default', { 'Cargo.toml': '' }],
    ['ruby default', { Gemfile: '', 'package.json': '{}' }],
    ['php default', { 'composer.json': '{}', 'package.json': '{}' }],
    ['php default', { 'index.php': '' }],
    ['elixir default', { 'mix.exs': '' }],
    ['run-status default', { Aptfile: 'jq', 'index.html': '' }],
  ]
  for (const [need, files] of cases) {
    const { code, output, result } = await buildHere(t.testdir(files))
    t.equal(code, 75, output)
    t.equal(result.needs.map(({ name, spec }) => `${name} ${spec}`).join(), need)
  }
})

t.test('a version that is none is named with its file', skip, async (t) => {
  const cases: [string, Record<string, string>][] = [
    ['"new" in engines.bun', { 'package.json': '{"engines":{"bun":"new"}}', 'bun.lock': '' }],
    ['"two" in .deno-version', { 'deno.json': '{}', '.deno-version': 'two' }],
    ['package.json is not valid JSON', { 'package.json': '{', 'bun.lock': '' }],
  ]
  for (const [sentence, files] of cases) {
    const { code, output } = await buildHere(t.testdir(files))
    t.equal(code, 1)
    t.match(output, sentence)
    t.match(output, /^hint: /m)
  }
})

t.test('versions of Debian packages become plain ones', skip, async (t) => {
  const cases: [string, string][] = [
    ['1:17.0.9+9-1~deb12u1', '17.0.9'],
    ['2:8.2+93', '8.2'],
    ['1.14.0.dfsg-2', '1.14.0.dfsg'],
    ['3.8.7-1', '3.8.7'],
  ]
  for (const [version, plain] of cases) {
    const args = [
      '-c',
      '. "$1"; plain_version "$2"',
      'bash',
      join(buildpacks, 'lib/debian.sh'),
      version,
    ]
    t.equal((await run('bash', args)).output.trim(), plain)
  }
})

t.test('what is proposed to start follows from what is there', skip, async (t) => {
  const tool = { bin: { gunicorn: '', uvicorn: '' } }
  const cases: [string, string, Files][] = [
    ['bun', 'bun run a.ts', { 'package.json': '{"scripts":{"start":"bun run a.ts"}}' }],
    ['bun', 'bun src/index.ts', { 'package.json': '{}', src: { 'index.ts': '' } }],
    ['deno', 'deno task start', { 'deno.json': '{"tasks":{"start":"deno run main.ts"}}' }],
    ['deno', 'deno task start', { 'deno.jsonc': '// why\n{"tasks":{"start":"a"}}' }],
    ['php', 'php-web public', { public: { 'index.php': '' }, 'index.php': '' }],
    ['php', 'php-web .', { 'index.php': '' }],
    ['ruby', 'bundle exec rackup config.ru -o 0.0.0.0 -p $PORT', { 'config.ru': '' }],
    [
      'ruby',
      'bundle exec puma -b tcp://0.0.0.0:$PORT',
      { 'config.ru': '', 'Gemfile.lock': '    puma (6)' },
    ],
    [
      'ruby',
      'bundle exec rails server -b 0.0.0.0 -p $PORT',
      { 'config.ru': '', 'Gemfile.lock': '    puma (6)\n    railties (8)', bin: { rails: '' } },
    ],
    [
      'python',
      'gunicorn app:app',
      { 'app.py': 'from flask import Flask\napp = Flask()', '.venv': tool },
    ],
    [
      'python',
      'uvicorn main:app --host 0.0.0.0 --port $PORT',
      { 'main.py': 'from fastapi import FastAPI\napp = FastAPI()', '.venv': tool },
    ],
    ['python', 'gunicorn shop.wsgi', { 'manage.py': '', shop: { 'wsgi.py': '' }, '.venv': tool }],
  ]
  for (const [pack, web, files] of cases) {
    const app = t.testdir(files)
    await run('sh', ['-c', 'chmod +x "$1"/.venv/bin/* 2> /dev/null', 'sh', app])
    const { output } = await run(join(buildpacks, pack, 'bin/release'), [app])
    t.match(output, `  web: ${web}\n`)
  }
})

type Files = NonNullable<Parameters<typeof t.testdir>[0]>
