import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import type { CopySpec, ImageSpec } from '#driver/driver.ts'
import { buildImage } from './build-image.ts'
import { openGround } from './docker-ground.ts'
import { waitUntil } from './network.ts'
import { copySpec, freshName, stopAll } from './specs.ts'

const run = promisify(execFile)
const patience = (): AbortSignal => AbortSignal.timeout(60_000)
const ground = await openGround()
t.teardown(() => ground.close())
t.afterEach(() => stopAll(ground.fleet, patience()))
const { fleet, workshop } = ground
const base = ground.stackImage

const build = (dockerfile: string, changes: Partial<ImageSpec> = {}, signal = patience()) =>
  buildImage(ground, dockerfile, changes, signal)

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
  t.match(output, new RegExp(`^\\[3/3\\] RUN echo "built for ${name}"`, 'm'))
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
  t.match(output, /exit code: 7/)
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
    const { ranOut, output } = await build(`FROM ${base}\nRUN bash -o pipefail -c '${hog}'\n`)
    t.ok(ranOut, output)
    t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
  },
)

void t.test('a step that is killed for another reason is a failed build like any', async (t) => {
  const fill = 'head -c 200000000 /dev/zero > /fill'
  const kill = `sh -c 'kill -9 $$'`
  const { image, ranOut, output } = await build(`FROM ${base}\nRUN ${fill}; ${kill}\n`)
  t.equal(image, null)
  t.notOk(ranOut)
  t.match(output, 'exit code: 137')
})

void t.test('a fork bomb in a step has the processes of a build and no more', async (t) => {
  const spec = copySpec(ground, 'exec sleep 300')
  await fleet.start(spec, patience())
  const bomb = 'i=0; while true; do sleep 96 & i=$((i+1)); echo "begun $i"; done'
  const { image, output } = await build(`FROM ${base}\nRUN ${bomb}\n`)
  t.equal(image, null)
  t.match(output, /^begun 6\d$/m)
  t.notMatch(output, /^begun (6[4-9]|[7-9]\d|\d{3})$/m)
  t.match(await fleet.list({}, patience()), [{ name: spec.name, state: 'running' }])
  await waitUntil(async () => !(await run('ps', ['axww'])).stdout.includes('sleep 96'))
})

async function listen(host: string): Promise<Server> {
  const server = createServer((socket) => socket.end('hello\n'))
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

void t.test("a step does not reach what listens on the host's loopback", async (t) => {
  const local = await listen('127.0.0.1')
  t.teardown(() => local.close())
  const gateway = "$(ip route 2>/dev/null | awk '/default/ {print $3}')"
  const ask = `timeout 2 bash -c "cat < /dev/tcp/$host/${portOf(local)}" || echo no`
  const script = `for host in 127.0.0.1 172.17.0.1 ${gateway}; do ${ask}; done; echo ${freshName()}`
  const { output } = await build(`FROM ${base}\nRUN ${script}\n`)
  t.match(output, /^no$/m)
  t.notMatch(output, /^hello$/m)
})
