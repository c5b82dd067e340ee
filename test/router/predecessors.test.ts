import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import t from 'tap'
import { Draining, drainingPath } from '#router/processes/draining.ts'
import { Predecessors } from '#router/processes/predecessors.ts'
import { spread } from '#router/processes/spread.ts'
import { watchCalls } from '#router/watch/calls.ts'
import { openWatch } from '#router/watch/watch.ts'
import { silent } from './observed.ts'

const pid = 2 ** 22 + 1

t.test('a receipt waits for counts of one whose socket is gone already', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'draining-'))
  const asked = Promise.withResolvers<ServerResponse>()
  const old = createServer((_, response) => asked.resolve(response)).listen(
    drainingPath(folder, pid),
  )
  await once(old, 'listening')
  const watch = openWatch({ log: silent })
  t.teardown(async () => {
    await watch.close()
    old.close()
    rmSync(folder, { recursive: true })
  })
  const predecessors = new Predecessors(new Draining(folder, 'token'), watch.receipts)
  const calls = spread(watchCalls(watch), { siblings: () => predecessors.siblings, log: silent })
  const receipt = watch.receipts.open('a/production', 'd')
  predecessors.follow(pid)
  const response = await asked.promise
  rmSync(drainingPath(folder, pid))
  const body = { site: 'a/production', id: 'd', action: 'close' }
  const closed = calls[0]?.answer(body, AbortSignal.timeout(10_000))
  response.end(JSON.stringify([{ id: 'd', receipt: { ...receipt, served: 7 } }]))
  t.match(await closed, { complete: true, served: 7 })
  t.same(predecessors.siblings, [], 'and then it is forgotten')
})
