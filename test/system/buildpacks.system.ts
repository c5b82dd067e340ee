import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { getConfig } from '#contract/app.ts'
import { listFormation } from '#contract/process.ts'
import { git } from '#scripts/platform/git.ts'
import { appCommand } from './app-command.ts'
import { openPlatform, type TestApp } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

const folder = join(slipway.platform.stateDir, 'packs-of-tests')
const scratch = mkdtempSync(join(tmpdir(), 'slipway-packs-'))
t.teardown(() => rmSync(scratch, { recursive: true, force: true }))
mkdirSync(folder, { recursive: true })

type Files = Readonly<Record<string, string>>

function write(at: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true })
    writeFileSync(join(at, name), text)
    if (name.startsWith('bin/')) chmodSync(join(at, name), 0o755)
  }
}

/** A buildpack in a repository that anyone who knows its address can fetch. */
class Pack {
  readonly url: string
  readonly #at: string
  readonly #bare: string

  constructor(name: string) {
    this.url = `file:///${name}.git`
    this.#at = join(scratch, name)
    this.#bare = join(folder, `${name}.git`)
    mkdirSync(this.#at)
  }

  async publish(files: Files): Promise<void> {
    write(this.#at, files)
    await git(this.#at, ['init', '-q', '-b', 'main'])
    await git(this.#at, ['add', '-A'])
    await git(this.#at, ['commit', '-q', '-m', 'Change'])
    await git(scratch, ['init', '-q', '--bare', '-b', 'main', this.#bare])
    await git(this.#at, ['push', '-q', this.#bare, 'main'])
  }
}

function publishArchive(name: string, files: Files): string {
  const at = join(scratch, name)
  write(join(at, 'pack-1.0'), files)
  execFileSync('tar', ['-C', at, '-czf', join(folder, `${name}.tgz`), 'pack-1.0'])
  return `file:///${name}.tgz`
}

/** One request at a time, by what every Debian has. */
const serve = `use IO::Socket;
my $server = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 50, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
  while (defined(my $line = <$client>)) { last if $line =~ /^\\r?$/ }
  open my $file, '<', 'page'; local $/; my $page = <$file> . $ENV{FROM_PROFILE};
  print $client "HTTP/1.1 200 OK\\r\\nContent-Length: " . length($page) . "\\r\\nConnection: close\\r\\n\\r\\n$page";
}
`

const first = {
  'bin/detect': '#!/bin/sh\necho First\n',
  'bin/compile': `#!/bin/bash
echo "-----> First compiles"
count=$(( $(cat "$2/count" 2> /dev/null || echo 0) + 1 )); echo $count > "$2/count"
echo "export FROM_FIRST=round-$count" > "$(dirname "$0")/../export"
mkdir -p "$1/.profile.d"; echo 'export FROM_PROFILE=profile' > "$1/.profile.d/first.sh"
`,
}

const second = {
  'bin/detect': '#!/bin/sh\n[ -f "$1/hello" ] && echo Perl\n',
  'bin/compile': `#!/bin/bash
echo "       got $FROM_FIRST, $STACK"
cat > "$1/serve.pl"  < "$(dirname "$0")/../serve.pl"
echo "$FROM_FIRST $(cat "$3/GREETING") $(cat "$1/hello") $SOURCE_VERSION" > "$1/page"
`,
  'bin/release': '#!/bin/sh\nprintf "%s\\n" --- "default_process_types:" "  web: perl serve.pl"\n',
  'serve.pl': serve,
}

const manifest = {
  env: { GREETING: 'good-day', SECRET_KEY: { generator: 'secret' } },
  formation: { web: { quantity: 2 } },
  scripts: { postdeploy: 'echo "seeded once with ${#SECRET_KEY} letters"' },
}

function newApp(files: Files): Promise<TestApp> {
  return slipway.newApp('hello', (at) => {
    for (const name of ['package.json', 'package-lock.json', 'Procfile', 'server.js']) {
      rmSync(join(at, name), { force: true })
    }
    write(at, files)
  })
}

t.test('buildpacks that are not ours, by repository and archive, become a page', async (t) => {
  const pack = new Pack('first')
  await pack.publish(first)
  const archive = publishArchive('second', second)
  const app = await newApp({
    'web/hello': 'one',
    'web/app.json': JSON.stringify(manifest),
    other: '1',
  })
  const command = (...args: string[]) => appCommand(slipway, [...args, '-a', app.name])
  const wrong = await command('buildpacks:set', 'git@example.org:a/b.git')
  t.match(wrong, { code: 1, stderr: /cannot be a buildpack: write its address as https:/ })
  const chosen = await command('buildpacks:set', pack.url, archive)
  t.equal(chosen.code, 0, chosen.stderr)
  t.equal((await command('root:set', './web/')).code, 0)

  const push = await app.push()
  t.equal(push.code, 0, push.output)
  t.match(push.output, /1\. first *\n.*2\. second\.tgz *\n/)
  t.match(push.output, /First app detected *\n.*-----> First compiles *\n.*Perl app detected/)
  t.match(push.output, 'got round-1, slipway-12')
  t.match(push.output, 'seeded once with 64 letters')
  t.match((await app.get()).body, /^round-1 good-day one [0-9a-f]{40}\nprofile$/)
  const params = { app: app.name }
  t.match(await slipway.call(getConfig, { params }), {
    GREETING: 'good-day',
    SECRET_KEY: /^[0-9a-f]{64}$/,
  })
  t.match(await slipway.call(listFormation, { params }), [{ type: 'web', quantity: 2 }])

  await app.change('other', 'outside of the root')
  t.match((await app.push()).output, 'Nothing changed since it was built last')

  await pack.publish({ ...first, 'bin/detect': '#!/bin/sh\necho Newer\n' })
  await app.commit('Nothing')
  const moved = await app.push()
  t.equal(moved.code, 0, moved.output)
  t.match(moved.output, /Newer app detected/, 'its branch moved, so it is built again')
  t.match(moved.output, 'got round-2', 'its cache was kept')
  t.notMatch(moved.output, 'seeded once')
})

/** What a buildpack may try, and how the push of it ends. */
const hostile: readonly (readonly [name: string, compile: string, says: RegExp])[] = [
  [
    'escapes',
    'for at in /etc/x /packs/x /buildpacks/x /runtimes/x /proc/sys/kernel/hostname; do (echo x > $at) 2> /dev/null && exit 9; done; mount -t tmpfs x /mnt 2> /dev/null && exit 8; exit 7',
    /compile of hostile ended with exit code 7/,
  ],
  ['forks', 'bomb() { bomb | bomb & }; bomb 2> /dev/null; sleep 1; exit 5', /exit code (5|254)/],
  ['floods', 'head -c 100000000 /dev/zero | tr "\\0" x; exit 6', /printed more than|exit code/],
  [
    'leaves processes behind',
    'setsid sleep 600 & (setsid sleep 600 > /dev/null 2>&1 &); exit 4',
    /exit code 4/,
  ],
  [
    'writes escape sequences',
    'printf "\\033]0;owned\\007\\033[2Jvisible\\rover\\n"; exit 3',
    /visible *\n.*over/,
  ],
]

t.test('a hostile buildpack is contained, and the next push works', async (t) => {
  const pack = new Pack('hostile')
  const app = await newApp({
    hello: 'x',
    '.buildpacks': `${pack.url}\n`,
    Procfile: 'web: perl serve.pl\n',
  })
  for (const [name, compile, says] of hostile) {
    await pack.publish({ 'bin/detect': '#!/bin/sh\n', 'bin/compile': `#!/bin/bash\n${compile}\n` })
    const push = await app.push()
    t.not(push.code, 0, name)
    t.match(push.output, says, name)
    // oxlint-disable-next-line no-control-regex -- those are what it is about
    t.notMatch(push.output.replaceAll('\x1b[K', ''), /\x1b\]|\x1b\[2J|\x07/, name)
  }
  await pack.publish(second)
  await app.change('hello', 'peace')
  const good = await app.push()
  t.equal(good.code, 0, good.output)
})
