import t from 'tap'
import { countReceipt } from '#contract/watch.ts'
import type { Receipt } from '#contract/watch.ts'
import { Site } from '#router/table/site.ts'
import { watchCalls } from '#router/watch/calls.ts'
import { mergeReceipts, Receipts } from '#router/watch/receipts.ts'
import { openWatch } from '#router/watch/watch.ts'
import { silent, someEntry } from './observed.ts'

const site = 'shop/production'
const signal = AbortSignal.timeout(60_000)

t.test('a receipt counts what passed between its opening and its closing', async (t) => {
  const watch = openWatch({ log: silent })
  t.teardown(() => watch.close())
  const [call] = watchCalls(watch)
  const ask = async (action: string, id = 'd1'): Promise<unknown> =>
    call?.answer({ site, id, action }, signal)
  watch.ended(someEntry())
  t.equal(call?.endpoint, countReceipt)
  t.same(await ask('open'), {
    complete: true,
    served: 0,
    held: 0,
    failed: 0,
    app_errors: 0,
    longest_hold_ms: 0,
  })
  for (let at = 0; at < 10; at += 1) watch.ended(someEntry())
  watch.ended(someEntry({ heldMs: 40.4 }))
  watch.ended(someEntry({ heldMs: 1200.7, status: 500 }))
  watch.ended(someEntry({ status: 504, code: 'H12' }))
  watch.ended(someEntry({ code: 'H15' }))
  watch.ended(someEntry({ status: 503, code: 'H80' }))
  watch.ended(someEntry({ status: 0, code: 'H27' }))
  watch.ended(someEntry({ site: new Site({ app: 'blog', environment: 'production' }) }))
  watch.ended(someEntry({ site: null, status: 404 }))
  const counted = {
    complete: true,
    served: 13,
    held: 2,
    failed: 2,
    app_errors: 1,
    longest_hold_ms: 1201,
  }
  t.same(await ask('open'), counted, 'opening twice changes nothing')
  t.same(await ask('close'), counted)
  watch.ended(someEntry())
  t.match(await ask('close'), { complete: false, served: 0 })
  t.match(await ask('close', 'never opened'), { complete: false, served: 0 })
  await t.rejects(ask('shred'), { code: 'INVALID_PARAMS' })
})

t.test('what nobody closes is forgotten one day', (t) => {
  const receipts = new Receipts()
  receipts.open(site, 'old', 0)
  receipts.open(site, 'young', 23 * 3_600_000)
  receipts.open(site, 'new', 25 * 3_600_000)
  t.notOk(receipts.close('old').complete)
  t.ok(receipts.close('young').complete)
  for (let at = 0; at < 5000; at += 1) receipts.open(site, `d${at}`, 25 * 3_600_000)
  t.notOk(receipts.close('new').complete)
  t.ok(receipts.close('d4999').complete)
  t.end()
})

t.test('two processes have one receipt, complete when both are', (t) => {
  const half = (change: Partial<Receipt>): Receipt => ({
    complete: true,
    served: 1,
    held: 1,
    failed: 1,
    app_errors: 1,
    longest_hold_ms: 5,
    ...change,
  })
  t.same(mergeReceipts(half({}), half({ longest_hold_ms: 9 })), {
    complete: true,
    served: 2,
    held: 2,
    failed: 2,
    app_errors: 2,
    longest_hold_ms: 9,
  })
  t.notOk(mergeReceipts(half({}), half({ complete: false })).complete)
  t.end()
})
