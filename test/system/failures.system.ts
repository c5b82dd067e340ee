import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openPlatform } from './harness.ts'
import type { TestApp } from './harness.ts'

const slipway = await openPlatform()
t.teardown(() => slipway.close())

/** Every way a push can fail after a good one; the page of the good one must go on. */
const failures: readonly {
  stage: string
  says: RegExp
  harm: (app: TestApp) => void
}[] = [
  {
    stage: 'detect',
    says: /error: no app was found in this repository/,
    harm: ({ folder }) => {
      for (const file of [
        'package.json',
        'package-lock.json',
        'Procfile',
        'server.js',
        'index.html',
      ]) {
        rmSync(join(folder, file), { force: true })
      }
      writeFileSync(join(folder, 'notes.txt'), 'nothing to run here\n')
    },
  },
  {
    stage: 'compile',
    says: /error: /,
    harm: ({ folder }) => {
      const path = join(folder, 'package.json')
      const json = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: object }
      const scripts = { ...json.scripts, build: 'echo cannot build this; exit 3' }
      writeFileSync(path, JSON.stringify({ ...json, scripts }))
    },
  },
  {
    stage: 'Procfile',
    says: /error: .*Procfile/,
    harm: ({ folder }) => writeFileSync(join(folder, 'Procfile'), 'web node server.js\n'),
  },
  {
    stage: 'release',
    says: /error: .*release/i,
    harm: ({ folder }) =>
      writeFileSync(
        join(folder, 'Procfile'),
        'release: echo migrating; exit 4\nweb: node server.js\n',
      ),
  },
  {
    stage: 'start',
    says: /error: web\.1 exited with code 7/,
    harm: ({ folder }) => writeFileSync(join(folder, 'Procfile'), 'web: echo bye; exit 7\n'),
  },
  {
    stage: 'health',
    says: /error: web\.1 .*port 5000/,
    harm: ({ folder }) => writeFileSync(join(folder, 'Procfile'), 'web: sleep 600\n'),
  },
]

for (const { stage, says, harm } of failures) {
  t.test(`a push that fails at ${stage} leaves the old release answering`, async (t) => {
    const app = await slipway.newApp('node')
    const good = await app.push()
    t.equal(good.code, 0, good.output)
    const before = await app.get()
    const tip = (await app.git('ls-remote', 'deis', 'main')).output

    harm(app)
    await app.commit('Harm')
    const bad = await app.push()
    t.not(bad.code, 0)
    t.match(bad.output, says)
    t.match(bad.output, /hint: /)
    t.notMatch(bad.output, /^\s+at .*\.ts:\d+/m, 'no stack is shown')
    t.equal((await app.git('ls-remote', 'deis', 'main')).output, tip, 'no ref has moved')
    const after = await app.get()
    t.equal(after.status, 200)
    t.equal(after.body, before.body)
  })
}

for (const sample of ['exits', 'wrong-port', 'wrong-address']) {
  t.test(`the ${sample} sample is refused with what to do`, async (t) => {
    const app = await slipway.newApp(sample)
    const push = await app.push()
    t.not(push.code, 0)
    t.match(push.output, /error: web\.1 /)
    t.match(push.output, /hint: /)
    t.equal((await app.get()).status, 503)
  })
}
