import { endpoint } from '#contract/endpoint.ts'
import { countReceipt } from '#contract/watch.ts'
import type { Receipt } from '#contract/watch.ts'
import type { Call } from '#router/admin/calls.ts'
import { TextAnswer } from '#router/admin/text.ts'
import { parseBody } from '#router/table/parse.ts'
import { mergeReceipts } from './receipts.ts'
import type { Receipts } from './receipts.ts'
import { merge, metricsType, render } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import type { Watch } from './watch.ts'

/** The metrics as a value: what our processes ask each other for. */
const readSnapshot = endpoint({
  method: 'GET',
  path: '/metrics.json',
  summary: 'The metrics of this process.',
  allow: 'controller',
})

/** For Prometheus. It says nothing secret, and is reached from this host only: no token is asked for. */
const readMetrics = endpoint({
  method: 'GET',
  path: '/metrics',
  summary: 'The metrics of all processes, as text.',
  allow: 'anyone',
})

/** What can be asked of a process that watches; several answer together. */
export function watchCalls(watch: Pick<Watch, 'receipts' | 'snapshot'>): readonly Call[] {
  return [
    {
      endpoint: countReceipt,
      answer: async (body) => count(watch.receipts, body),
      merge: (a, b) => mergeReceipts(a as Receipt, b as Receipt),
      order: 'theirs first',
      present: () => watch.receipts.sites.map((one) => ({ ...one, action: 'open' })),
    },
    {
      endpoint: readSnapshot,
      answer: async () => watch.snapshot(),
      merge: (a, b) => merge(a as Snapshot, b as Snapshot),
    },
  ]
}

function count(receipts: Receipts, body: unknown): Receipt {
  const { site, id, action } = parseBody(countReceipt, body)
  switch (action) {
    case 'open':
      return receipts.open(site, id)
    case 'close':
      return receipts.close(id)
  }
}

/** Adds the text to calls that have the value, once all processes answer them together. */
export function withMetrics(calls: readonly Call[]): readonly Call[] {
  const snapshot = calls.find((call) => call.endpoint === readSnapshot)
  if (snapshot === undefined) return calls
  const answer: Call['answer'] = async (body, signal) => {
    const value = (await snapshot.answer(body, signal)) as Snapshot
    return new TextAnswer(metricsType, render(value))
  }
  return [...calls, { endpoint: readMetrics, answer }]
}
