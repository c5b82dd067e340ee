import { readFileSync } from 'node:fs'
import { appendLines } from '#contract/log.ts'
import type { Log } from '#lib/log.ts'
import type { Routes } from '#router/table/routes.ts'
import type { Expiry } from './metrics.ts'
import { openPost } from './post.ts'
import { standingsOf } from './standings.ts'
import { openWatch } from './watch.ts'
import type { Watch } from './watch.ts'

/** What a certificate is for, and until when (RFC 3339). */
interface Certificate {
  readonly names: readonly string[]
  readonly not_after: string
}

export interface StartOptions {
  /** Base URL of the controller, which keeps the logs of apps. */
  readonly controllerUrl: string
  /** File of JSON lines of all requests; null: none. */
  readonly accessLog: string | null
  readonly token: string
  readonly routes: Pick<Routes, 'sites' | 'number'>
  readonly certificates?: () => Iterable<Certificate>
  readonly log: Log
}

const answerMs = 5000

/** The watch of a process that serves. If it writes a file, SIGHUP has it open that anew. */
export function startWatch(options: StartOptions): Watch {
  const { controllerUrl: url, accessLog, token, routes, log, certificates = () => [] } = options
  const post = openPost({ url, token, endpoint: appendLines, timeoutMs: answerMs })
  const watch = openWatch({
    log,
    send: post.send,
    ...(accessLog === null ? {} : { accessLog }),
    sources: {
      standings: () => standingsOf(routes),
      tableNumber: () => routes.number,
      version: ownVersion(),
      certificates: () => expiriesOf(certificates()),
    },
  })
  const onSignal = (): void => watch.reopen()
  if (accessLog !== null) process.on('SIGHUP', onSignal)
  const close = watch.close.bind(watch)
  return Object.assign(watch, {
    close: async () => {
      process.off('SIGHUP', onSignal)
      await close()
      post.close()
    },
  })
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function* expiriesOf(certificates: Iterable<Certificate>): Generator<Expiry> {
  for (const { names, not_after } of certificates) {
    yield { name: names[0] ?? '', expiresAtMs: Date.parse(not_after) }
  }
}
