import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { pack } from 'tar-stream'
import t from 'tap'
import type { BuiltImage, CopySpec, ImageSpec } from '#driver/driver.ts'
import { chainsOf } from '#driver/docker/firewall.ts'
import { hash } from '#driver/docker/names.ts'
import { openGround } from './docker-ground.ts'
import { waitUntil } from './network.ts'
import { copySpec, freshName, limits, stopAll } from './specs.ts'

const run = promisify(execFile)
const patience = (): AbortSignal => AbortSignal.timeout(60_000)
const ground = await openGround()
t.teardown(() => ground.close())
t.afterEach(() => stopAll(ground.fleet, patience()))
const { fleet, workshop } = ground
const base = ground.stackImage

interface Built {
  readonly image: BuiltImage | null
  readonly output: string
  readonly tag: string
}

async function build(
  dockerfile: string,
  changes: Partial<ImageSpec> = {},
  signal = patience(),
  on = ground,
): Promise<Built> {
  const files = pack()
  files.entry({ name: 'Dockerfile' }, dockerfile)
  files.entry({ name: 'hello.txt' }, 'from the context\n')
  files.finalize()
  const tag = `slipway-test/${freshName()}:1`
  const { owner } = copySpec(ground, '')
  const context = Readable.from(files as AsyncIterable<Buffer>)
  const spec: ImageSpec = {
    owner,
    context,
    dockerfile: 'Dockerfile',
    tag,
    buildArgs: {},
    limits,
    timeoutMs: 60_000,
    ...changes,
  }
  let output = ''
  const write = (chunk: Buffer): void => void (output += chunk.toString())
  return { image: await on.workshop.buildImage(spec, write, signal), output, tag }
}

/** Runs an image's own command, or another, as a one-off; all it printed. */
async function inside(image: string, command: string | null): Promise<string> {
  const spec: CopySpec = {
    ...copySpec(ground, ''),
    command,
    artifact: { kind: 'image', image },
  }
  const oneOff = await fleet.attach(spec, null, patience())
  oneOff.stdin.end()
  const [stdout, stderr] = await Promise.all([text(oneOff.stdout), text(oneOff.stderr)])
  await oneOff.close()
  return stdout + stderr
}

void t.test('a Dockerfile becomes an image, and its steps and their output are told', async (t) => {
  const name = freshName() // else the engine's cache has it all
  const { image, output, tag } = await build(
    `FROM ${base}\nARG NAME\nCOPY hello.txt /\nRUN echo "built for $NAME"; cat /hello.txt >&2\nEXPOSE 8080 53/udp\nCMD ["cat", "/hello.txt"]\n`,
    { buildArgs: { NAME: name } },
  )
  t.match(output, /^Step 4\/6 : RUN echo "built for \$NAME"/m)
  t.notMatch(output, /Running in|Removing|LABEL|---> [0-9a-f]/, 'the chores of the builder')
  t.match(output, new RegExp(`^built for ${name}$`, 'm'))
  t.match(output, /^from the context$/m)
  t.match(image, { id: /^sha256:/, ports: [8080], hasCommand: true })
  t.ok((image?.sizeBytes ?? 0) > 1024)
  t.equal(await workshop.imageDigest(tag, patience()), image?.id)
  t.equal(await inside(image?.id ?? '', null), 'from the context\n')
  await workshop.removeImage(image?.id ?? '', patience())
  await t.rejects(workshop.imageDigest(tag, patience()), { name: 'EngineError' })
})

void t.test('a step that fails is a failed build whose output says why', async (t) => {
  const { image, output } = await build(`FROM ${base}\nRUN echo so far so good; exit 7\n`)
  t.equal(image, null)
  t.match(output, /so far so good/)
  t.match(output, /non-zero code: 7/)
})

void t.test('a Dockerfile that makes no sense is a failed build', async (t) => {
  const { image, output } = await build(`FROM ${base}\nNONSENSE\n`)
  t.equal(image, null)
  t.match(output, /unknown instruction: NONSENSE/)
})

void t.test('a build that takes too long is stopped, and its steps with it', async (t) => {
  const { image, output } = await build(`FROM ${base}\nRUN sleep 97\n`, { timeoutMs: 2000 })
  t.equal(image, null)
  t.match(output, /took longer than 2 s/)
  await waitUntil(async () => !(await run('ps', ['axww'])).stdout.includes('sleep 97'))
})

void t.test('an aborted build throws the reason', async (t) => {
  const abort = new AbortController()
  const building = build(`FROM ${base}\nRUN sleep 98\n`, {}, abort.signal)
  await pause(1000)
  abort.abort(new Error('cancelled'))
  await t.rejects(building, { message: 'cancelled' })
  await waitUntil(async () => !(await run('ps', ['axww'])).stdout.includes('sleep 98'))
})

void t.test('an image that is not ours is not removed', async (t) => {
  await t.rejects(workshop.removeImage(base, patience()), { message: /not one that this platform/ })
  t.match(await workshop.imageDigest(base, patience()), /^sha256:/)
})

void t.test('an image never runs as root', async (t) => {
  const users = {
    '': '10001',
    root: '10001',
    '0:0': '10001',
    toor: '10001',
    '4242': '4242',
    plain: '4343',
  }
  for (const [user, expected] of Object.entries(users)) {
    const { image } = await build(
      `FROM ${base}
RUN echo 'toor:x:0:0::/:/bin/sh' >> /etc/passwd && echo 'plain:x:4343:4343::/:/bin/sh' >> /etc/passwd
${user === '' ? '' : `USER ${user}`}
`,
    )
    const seen = await inside(image?.id ?? '', 'id -u; grep CapBnd /proc/self/status')
    t.match(seen, new RegExp(`^${expected}\nCapBnd:\\s+0+\n$`), `USER ${user}`)
  }
})

void t.test('an image writes to tmpfs only, its declared volumes included', async (t) => {
  const { image } = await build(
    `FROM ${base}\nRUN mkdir -m 777 /work\nVOLUME /data\nWORKDIR /work\n`,
  )
  const script =
    'for d in /tmp /run /data /work /; do touch $d/x 2>/dev/null && echo $d; done; df -T /data'
  const seen = await inside(image?.id ?? '', script)
  t.match(seen, /^\/tmp\n\/run\n\/data\nFilesystem/)
  t.match(seen, /tmpfs .*\/data/)
})

void t.test(
  'a step that needs more memory than a build has is killed, and nobody else',
  async (t) => {
    const spec = copySpec(ground, 'exec sleep 300')
    await fleet.start(spec, patience())
    const hog = 'head -c 400000000 /dev/zero | tail'
    const { image, output } = await build(`FROM ${base}\nRUN bash -o pipefail -c '${hog}'\n`)
    t.equal(image, null)
    t.match(output, /^The step was killed: .* more than the 134 MB of memory a build has\.$/m)
    t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
  },
)

void t.test('a fork bomb in a step has the processes of a build and no more', async (t) => {
  const spec = copySpec(ground, 'exec sleep 300')
  await fleet.start(spec, patience())
  const bomb = 'i=0; while true; do sleep 96 & i=$((i+1)); echo "begun $i"; done'
  const { image, output } = await build(`FROM ${base}\nRUN ${bomb}\n`)
  t.equal(image, null)
  t.match(output, /^begun 6\d$/m)
  t.notMatch(output, /^begun (6[4-9]|[7-9]\d|\d{3})$/m)
  t.match(output, /^A build may have 64 processes and had them all\.$/m)
  t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
  await waitUntil(async () => !(await run('ps', ['axww'])).stdout.includes('sleep 96'))
})

void t.test('a step has the limits of a build', async (t) => {
  const { output } = await build(
    `FROM ${base}
RUN echo "files $(ulimit -n)"; echo "memory $(cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null)"; echo ${freshName()}`,
    { limits: { ...limits, cpus: 0.5 } },
  )
  t.match(output, new RegExp(`^files ${limits.openFiles}$`, 'm'))
  t.match(output, new RegExp(`^memory ${limits.memoryBytes}$`, 'm'))
})

async function listen(host: string): Promise<Server> {
  const server = createServer((socket) => socket.end('hello\n'))
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

void t.test('a step reaches the router, but no other listener of the host', async (t) => {
  const [router, open, local] = await Promise.all(['0.0.0.0', '0.0.0.0', '127.0.0.1'].map(listen))
  const routed = await openGround({ routerPort: portOf(router as Server) })
  t.teardown(() => routed.close())
  t.teardown(() => [router, open, local].forEach((server) => server?.close()))
  const gateway = routed.settings.buildSubnet?.replace(/192\/26$/, '193') ?? ''
  const ask = (server: Server | undefined): string =>
    `(timeout 2 bash -c 'cat < /dev/tcp/${gateway}/${portOf(server as Server)}' || echo no)`
  const script = [`router $${ask(router)}`, `open $${ask(open)}`, `local $${ask(local)}`]
  const { output } = await build(
    `FROM ${base}\nRUN echo "${script.join('; ')}"\n`,
    {},
    patience(),
    routed,
  )
  t.match(output, /^router hello; open no; local no$/m)
})

void t.test('a step does not get through to link-local addresses', async (t) => {
  const probe = `timeout 1 bash -c '< /dev/tcp/169.254.169.254/80' || echo no ${freshName()}`
  const { output } = await build(`FROM ${base}\nRUN ${probe}\n`)
  t.match(output, /^no slw-test/m)
  const { forward } = chainsOf(ground.settings.instance)
  const { stdout } = await run('iptables', ['--wait', '-nvxL', forward])
  t.match(stdout, /^ *[1-9]\d* .* DROP .* 169\.254\.0\.0\/16/m, 'the rule has counted it')
})

/** Commands of all images on this engine, intermediate ones included. */
async function allSteps(): Promise<string> {
  const ids = (await run('/usr/bin/docker', ['images', '-aq'])).stdout.trim().split('\n')
  const format = '{{.ContainerConfig.Cmd}}'
  const seen = run('/usr/bin/docker', ['image', 'inspect', '--format', format, ...ids])
  // Others remove theirs meanwhile.
  return (await seen.catch((error: { stdout: string }) => error)).stdout
}

void t.test('a build leaves nothing but its image', async (t) => {
  const [failing, good] = [freshName(), freshName()]
  const stages = (mark: string): string =>
    `FROM ${base} AS one\nRUN echo one ${mark} > /one\nFROM ${base}\nCOPY --from=one /one /\nRUN echo two ${mark}\n`
  const failed = await build(`${stages(failing)}RUN false\n`)
  const { image, tag } = await build(stages(good))
  t.equal(failed.image, null)
  t.type(image?.id, 'string')
  const steps = await allSteps()
  t.notMatch(steps, failing)
  t.notMatch(steps, `one ${good}`)
  t.match(steps, `two ${good}`)
  await workshop.removeImage(tag, patience())
  t.notMatch(await allSteps(), good)
  for (const folder of ['/sys/fs/cgroup/pids/docker', '/sys/fs/cgroup/docker']) {
    const groups = await readdir(folder).catch(() => [])
    for (const each of [failed.tag, tag]) {
      t.notMatch(groups.join(), hash(`${ground.settings.instance} ${each}`, 12))
    }
  }
})
