import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { listDynos } from '#contract/process.ts'
import { listReleases } from '#contract/release.ts'
import { openPlatform, until } from '#test/system/harness.ts'
import type { TestApp } from '#test/system/harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

const page = async (app: TestApp): Promise<string> => {
  try {
    return (await app.get()).body
  } catch {
    return ''
  }
}

/** Every copy that runs belongs to the current release, and there is one. */
async function converged(app: TestApp): Promise<boolean> {
  try {
    const dynos = await slipway.call(listDynos, { params: { app: app.name } })
    const releases = await slipway.call(listReleases, { params: { app: app.name } })
    const current = releases.find((release) => release.current)
    return dynos.length === 1 && dynos[0]?.release.version === current?.version
  } catch {
    return false
  }
}

async function pushAgain(t: Test, app: TestApp): Promise<void> {
  let last = ''
  await until('a push works again', async () => {
    const again = await app.push()
    last = again.output
    if (again.code !== 0) await sleep(500)
    return again.code === 0
  }).catch((error: Error) => t.fail(`${error.message}: ${last}`))
}

const server = (text: string): string => `
import { createServer } from 'node:http'
createServer((_, answer) => answer.end('${text}')).listen(process.env.PORT)
`

/** Answers with how many files it finds, and what is in one of them. */
const counting = `
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
const found = readdirSync('.').filter((name) => /^d\\d+$/.test(name)).flatMap((name) => readdirSync(name))
const text = found.length + ' ' + readFileSync('d7/7.txt', 'utf8').trim()
createServer((_, answer) => answer.end(text)).listen(process.env.PORT)
`

for (const program of ['controller', 'builder', 'router'] as const) {
  for (const moment of ['-----> Receiving', '-----> Releasing'] as const) {
    t.test(`${program} killed at "${moment}": the next push works, nothing is lost`, async (t) => {
      const app = await slipway.newApp('node')
      await app.change('server.js', server('one'))
      t.equal((await app.push()).code, 0)

      await app.change('server.js', server('two'))
      let killed = false
      const push = await app.push('main', (text) => {
        if (killed || !text.includes(moment)) return
        killed = true
        process.kill(slipway.pid(program), 'SIGKILL')
      })
      t.ok(killed, push.output)
      await until('some release answers', async () => /^(one|two)$/.test(await page(app)))
      if (push.code === 0)
        await until('the pushed one answers', async () => (await page(app)) === 'two')

      await app.change('server.js', server('three'))
      await pushAgain(t, app)
      await until('it answers', async () => (await page(app)) === 'three')
      await until('no orphan runs', () => converged(app))
    })
  }
}

t.test('builder killed while it writes the files of a large tree', async (t) => {
  const many = 20_000
  const app = await slipway.newApp('node', (folder) => {
    for (let n = 0; n < many; n += 1) {
      mkdirSync(join(folder, `d${n % 100}`), { recursive: true })
      writeFileSync(join(folder, `d${n % 100}/${n}.txt`), `file ${n}\n`)
    }
    writeFileSync(join(folder, 'server.js'), counting)
  })
  const { stateDir } = slipway.platform
  const builds = join(stateDir, 'builder/builds')
  const layers = join(stateDir, 'builder/layers', app.app.id)
  const push = app.push()
  await until('a part of a ground is there', () => {
    return readdirSync(builds).some((id) => existsSync(join(builds, id, 'ground/d1')))
  })
  process.kill(slipway.pid('builder'), 'SIGKILL')
  t.not((await push).code, 0)
  t.notOk(existsSync(layers) && readdirSync(layers).length > 0, 'it was not whole yet')

  await app.change('d7/7.txt', 'changed\n')
  await pushAgain(t, app)
  await until('it answers', async () => (await page(app)) === `${many} changed`)
  t.strictSame(readdirSync(builds), [], 'no half a build is left')
  const left = readdirSync(layers).filter((name) => !/^(tree-[0-9a-f]{40}-)?[0-9a-f]+$/.test(name))
  t.strictSame(left, [], 'no half a ground is left')
  t.ok(readdirSync(layers).some((name) => name.startsWith('tree-')))
})

t.test('all three killed at once: the page answers again by itself', async (t) => {
  const app = await slipway.newApp('node')
  await app.change('server.js', server('mine'))
  t.equal((await app.push()).code, 0)
  for (const program of ['controller', 'builder', 'router'] as const) {
    process.kill(slipway.pid(program), 'SIGKILL')
  }
  await until('the page answers', async () => (await page(app)) === 'mine')
  await until('no orphan runs', () => converged(app))
})
