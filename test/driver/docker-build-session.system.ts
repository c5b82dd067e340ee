import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { extract, pack } from 'tar-stream'
import t from 'tap'
import type { BuiltImage, ImageSpec } from '#driver/driver.ts'
import { buildImage } from './build-image.ts'
import { openGround } from './docker-ground.ts'
import { copySpec, freshName, limits } from './specs.ts'

const run = promisify(execFile)
const patience = (): AbortSignal => AbortSignal.timeout(60_000)
const ground = await openGround()
t.teardown(() => ground.close())
const base = ground.stackImage

const build = (dockerfile: string, appId: string, changes: Partial<ImageSpec> = {}) =>
  buildImage(ground, dockerfile, { owner: { ...copySpec(ground, '').owner, appId }, ...changes })

void t.test(
  "a step that read one app's secret is not taken from the cache for another",
  async (t) => {
    const lines = [
      `FROM ${base}`,
      'USER 0',
      `RUN --mount=type=secret,id=KEY : ${freshName()}; rev /run/secrets/KEY`,
    ]
    const dockerfile = `${lines.join('\n')}\n`
    const [one, two] = [freshName(), freshName()]
    t.match((await build(dockerfile, one, { secrets: { KEY: 'abc' } })).output, /^cba/m)
    const again = await build(dockerfile, one, { secrets: { KEY: 'abc' } })
    t.match(again.output, '(cached)', again.output)
    t.match((await build(dockerfile, two, { secrets: { KEY: 'xyz' } })).output, /^zyx/m)
    const fresh = await build(dockerfile, one, { secrets: { KEY: 'def' }, fresh: true })
    t.match(fresh.output, /^fed/m, 'and a fresh build takes nothing from it')
  },
)

void t.test('a cache mount belongs to one app', async (t) => {
  const id = freshName()
  const step = (number: number): string =>
    `FROM ${base}\nUSER 0\nRUN --mount=type=cache,id=${id},target=/c echo "found: $(ls /c)"; touch /c/step-${number}\n`
  const [one, two] = [freshName(), freshName()]
  t.match((await build(step(1), one)).output, /^found: $/m)
  t.match((await build(step(2), one)).output, /^found: step-1$/m)
  t.match((await build(step(3), two)).output, /^found: $/m)
})

void t.test('a secret that is not there is said', async (t) => {
  const dockerfile = `FROM ${base}\nRUN --mount=type=secret,id=NONE,required true\n`
  const { image, output } = await build(dockerfile, freshName())
  t.equal(image, null)
  t.match(output, 'secret NONE not found')
})

void t.test('an image from a file takes no name but ours', async (t) => {
  const { image } = await build(`FROM ${base}\nCMD ["echo", "${freshName()}"]\nEXPOSE 8001\n`, 'x')
  const saved = join(ground.folder, 'saved.tar')
  await run('docker', ['save', '-o', saved, image?.id ?? ''])
  const evil = join(ground.folder, 'evil.tar')
  await writeFile(evil, await renamed(saved, base))
  const before = await ground.workshop.imageDigest(base, patience())
  const tag = `slipway-test/${freshName()}:1`
  const { owner } = copySpec(ground, '')
  const spec = { owner, tag, limits, timeoutMs: 60_000 }
  const ignore = (): void => undefined
  const load = (file: string, say: (chunk: Buffer) => void = ignore): Promise<BuiltImage | null> =>
    ground.workshop.importImage({ ...spec, origin: { kind: 'load', file } }, say, patience())
  const loaded = await load(evil)
  t.match(loaded, { id: /^sha256:/, ports: [8001], hasCommand: true })
  t.equal(await ground.workshop.imageDigest(base, patience()), before)
  t.equal(await ground.workshop.imageDigest(tag, patience()), loaded?.id)

  const broken = join(ground.folder, 'broken.tar')
  await writeFile(broken, 'no archive')
  let said = ''
  t.equal(await load(broken, (chunk) => (said += chunk.toString())), null)
  t.not(said, '')
})

/** The archive with another name in its list. */
async function renamed(file: string, name: string): Promise<Buffer> {
  const { readFile } = await import('node:fs/promises')
  const [entries, made] = [extract(), pack()]
  entries.end(await readFile(file))
  const whole = buffer(made)
  for await (const entry of entries) {
    const bytes = await buffer(entry as AsyncIterable<Buffer>)
    const { name: path, type } = entry.header
    if (type === 'directory') made.entry({ name: path, type })
    else made.entry({ name: path }, path === 'manifest.json' ? listed(bytes, name) : bytes)
  }
  made.finalize()
  return whole
}

function listed(manifest: Buffer, name: string): Buffer {
  const images = JSON.parse(manifest.toString()) as object[]
  return Buffer.from(JSON.stringify(images.map((image) => ({ ...image, RepoTags: [name] }))))
}
