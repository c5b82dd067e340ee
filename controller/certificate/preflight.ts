import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { LookupFunction } from 'node:net'
import { httpPath } from './acme/challenge.ts'
import type { Challenges } from './challenges.ts'
import { Hindrance } from './hindrance.ts'

/** How names are reached; ports and DNS of the world unless a test has its own. */
export interface Reach {
  readonly port: number
  readonly lookup?: LookupFunction
}

export const usualReach: Reach = { port: 80 }

const answerMs = 10_000
const limitBytes = 1024

/**
 * Sees whether a name leads here: a request for it must reach our own router, which alone knows the
 * answer. For a wildcard a name below it is made up. It follows no redirect. Throws Hindrance.
 */
export async function preflight(
  name: string,
  { challenges, reach }: { readonly challenges: Challenges; readonly reach: Reach },
  signal: AbortSignal,
): Promise<void> {
  const host = name.replace(/^\*/, `slipway-${randomBytes(4).toString('hex')}`)
  const token = `slipway-${randomBytes(16).toString('hex')}`
  const answer = randomBytes(16).toString('hex')
  const end = await challenges.http({ host, token, answer }, signal)
  try {
    const found = await ask({ host, path: httpPath(token), reach }, signal)
    if (found !== answer) throw notHere(host, 'something else answers there')
  } finally {
    await end()
  }
}

interface Question {
  readonly host: string
  readonly path: string
  readonly reach: Reach
}

function ask({ host, path, reach }: Question, signal: AbortSignal): Promise<string> {
  const late = AbortSignal.timeout(answerMs)
  return new Promise((resolve, reject) => {
    const sent = request(
      { host, path, ...reach, agent: false, signal: AbortSignal.any([signal, late]) },
      (response) => {
        let text = ''
        response.setEncoding('latin1')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length > limitBytes) response.destroy()
        })
        response.on('close', () => resolve(text.slice(0, limitBytes).trim()))
      },
    )
    sent.on('error', (error) => {
      if (signal.aborted) return reject(error)
      const code = (error as NodeJS.ErrnoException).code ?? error.message
      reject(notHere(host, late.aborted ? 'nothing answers' : wordsFor(code)))
    })
    sent.end()
  })
}

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'it has no address in DNS',
  EAI_AGAIN: 'DNS does not answer',
  ECONNREFUSED: 'port 80 is closed there',
}

function wordsFor(code: string): string {
  return words[code] ?? code
}

function notHere(host: string, why: string): Hindrance {
  return new Hindrance('elsewhere', `${host} does not lead to this platform: ${why}.`)
}
