import type { Log } from '#lib/log.ts'
import type { Entry } from '#router/proxy/entry.ts'
import type { Instance } from '#router/table/instance.ts'
import { Site } from '#router/table/site.ts'
import type { Batch, Send } from '#router/watch/shipper.ts'

const someSite = new Site({ app: 'shop', environment: 'production' })

/** Stands where an observer looks for the id only. */
const someInstance = { id: 'slw-main-shop-1a2b3c4d-web-1' } as Instance

/** A request that went well, but for what is changed. */
export function someEntry(change: Partial<Entry> = {}): Entry {
  return {
    site: someSite,
    instance: someInstance,
    method: 'GET',
    host: 'a.example.org',
    target: '/x?y=1',
    requestId: '0123456789abcdef0123456789abcdef',
    clientAddress: '1.2.3.4',
    scheme: 'http',
    protocol: 'http/1.1',
    status: 200,
    code: null,
    connectMs: 0,
    serviceMs: 11.7,
    heldMs: 0,
    endedAt: Date.now(),
    bytes: 512,
    ...change,
  }
}

/** A controller that notes what it is sent, and answers as it is told to. */
export class FakeLogs {
  readonly batches: Batch[] = []
  answer: Awaited<ReturnType<Send>> = 'taken'
  /** Set: answers wait for it. */
  until: Promise<void> | null = null
  asked = 0

  readonly send: Send = async (batch) => {
    this.asked += 1
    // Lines are records that are used again: what is kept must be what was sent.
    const sent = structuredClone(batch)
    await this.until
    if (this.answer === 'taken') this.batches.push(sent)
    return this.answer
  }

  /** Every line of an app, in order. */
  texts(app = 'shop'): string[] {
    return this.batches
      .flatMap(({ logs }) => logs)
      .filter((log) => log.app === app)
      .flatMap(({ lines }) => lines.map(({ text }) => text))
  }
}

export const silent: Log = { info: () => {}, warn: () => {}, error: () => {} }
