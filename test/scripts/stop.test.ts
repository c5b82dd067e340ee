import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'

const run = promisify(execFile)
const main = join(import.meta.dirname, '../../scripts/platform/main.ts')

/** `make stop` with an engine that has two containers, refuses to stop them, and then has those left. */
async function stop(t: Test, left: string): Promise<{ stderr: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'stop-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const list = join(folder, 'containers')
  writeFileSync(list, 'one\ntwo\n')
  const engine = `#!/bin/sh
if [ "$1" = ps ]; then cat '${list}'; else printf '${left}' > '${list}'; exit 1; fi
`
  writeFileSync(join(folder, 'docker'), engine, { mode: 0o755 })
  const env = {
    PATH: `${folder}${delimiter}${process.env['PATH']}`,
    SLIPWAY_STATE: join(folder, 'state'),
    SLIPWAY_INSTANCE: 'stopped',
  }
  return run(process.execPath, [main, 'stop'], { env })
}

t.test('a container that goes by itself while it is to be stopped is no error', async (t) => {
  t.match(await stop(t, ''), { stderr: /Stopped; 2 containers of apps ended/ })
})

t.test('a container that cannot be stopped is an error', async (t) => {
  await t.rejects(stop(t, 'two\\n'), { code: 1, stderr: /docker stop/ })
})
