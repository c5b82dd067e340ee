import { randomUUID } from 'node:crypto'
import { failure } from '#contract/error.ts'
import { openLog } from '#contract/log.ts'
import type { Logs } from '#controller/logs/logs.ts'
import { eventWire, plainWire, streamLog } from '#controller/logs/stream.ts'
import type { LogRequest } from '#controller/logs/stream.ts'
import { environmentOf } from '#controller/store/environments.ts'
import { Capabilities } from './capabilities.ts'
import type { Deps } from './deps.ts'
import { type Http, serve } from './serve.ts'
import { serveStream } from './stream.ts'

/** How long an address to read a log at may be asked for; what is open by then stays open. */
const sessionMs = 300_000
const usualLines = 100

export function serveLogs(http: Http, { db, now }: Pick<Deps, 'db' | 'now'>, logs: Logs): void {
  const sessions = new Capabilities<LogRequest>({ ttlMs: sessionMs, now })

  serve(http, openLog, async ({ app, body, base }) => {
    const { id: environmentId } = await environmentOf(db, app.id)
    const { lines = usualLines, tail = false, dyno, source } = body
    const secret = sessions.grant({ environmentId, lines, tail, dyno, source })
    return { id: randomUUID(), logplex_url: `${base}/streams/logs/${secret}` }
  })

  serveStream(http, '/streams/logs/:secret', async (secret, signal, request) => {
    const wanted = sessions.find(secret)
    if (wanted === undefined) throw failure('STREAM_EXPIRED', {})
    const isEvents = request.headers.accept?.includes(eventWire.type) === true
    const wire = isEvents ? eventWire : plainWire
    return { chunks: streamLog(logs, wanted, wire, signal), type: wire.type }
  })
}
