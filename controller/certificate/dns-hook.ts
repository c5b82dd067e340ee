import { execFile } from 'node:child_process'
import type { Log } from '#lib/log.ts'
import { Hindrance } from './hindrance.ts'

/** Records must be seen by the world when the program ends; that may take this long. */
const deadlineMs = 180_000

const options = {
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  timeout: deadlineMs,
  killSignal: 'SIGKILL',
  maxBuffer: 1024 ** 2,
} as const

/** A TXT record. */
export interface TxtRecord {
  readonly name: string
  readonly value: string
}

/**
 * Runs the operator's program: `PROGRAM present|cleanup NAME VALUE`, without a shell and without our
 * environment. `present` may end only when everybody can read the record. Throws Hindrance; what the
 * program said is in our log, since it may not be for the owner of the name.
 */
export function runHook(
  program: string,
  verb: 'present' | 'cleanup',
  { name, value }: TxtRecord,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, [verb, name, value], { ...options, signal }, (error, stdout, stderr) => {
      if (error === null) return resolve()
      if (signal.aborted) return reject(error)
      log.warn('certificate.hook_failed', { verb, name, said: (stderr || stdout).slice(0, 2000) })
      const end = error.killed === true ? 'took too long' : `ended with ${String(error.code)}`
      const sentence = `The DNS record ${name} could not be written: the operator's program ${end}.`
      reject(new Hindrance('platform', sentence, { cause: error }))
    })
  })
}
