import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const everyMs = 5

export interface Service {
  /** 99th percentile of the time for an answer, in milliseconds. */
  readonly p99Ms: number
  readonly asked: number
  readonly failed: number
}

/** What is asked for, and how long the answer is, if that is known. */
interface Page {
  readonly host: string
  readonly path: string
  readonly bytes?: number
}

const benchPage: Page = { host: 'localhost', path: '/small', bytes: 512 }

/** Asks an app nobody attacks, every 5 ms whether it answers or not, and sees how it is served. */
export async function askBystander(
  port: number,
  forMs: number,
  page: Page = benchPage,
): Promise<Service> {
  const agent = new http.Agent({ keepAlive: true })
  const times: number[] = []
  let failed = 0
  const answers: Promise<void>[] = []
  const until = performance.now() + forMs
  while (performance.now() < until) {
    const from = performance.now()
    const answer = ask(agent, port, page).then(
      () => void times.push(performance.now() - from),
      () => void (failed += 1),
    )
    answers.push(answer)
    await sleep(everyMs)
  }
  await Promise.all(answers)
  agent.destroy()
  times.sort((a, b) => a - b)
  const p99Ms = times[Math.floor(times.length * 0.99)] ?? NaN
  return { p99Ms, asked: answers.length, failed }
}

function ask(agent: http.Agent, port: number, { host, path, bytes }: Page): Promise<void> {
  const where = { host: '127.0.0.1', port, path, headers: { host }, agent, timeout: 10_000 }
  return new Promise((resolve, reject) => {
    const request = http.get(where, (answer) => {
      let size = 0
      const isWhole = (): boolean => answer.statusCode === 200 && size === (bytes ?? size)
      answer.on('data', (part: Buffer) => (size += part.length)).once('error', reject)
      answer.once('end', () => (isWhole() ? resolve() : reject(new Error(`${size} bytes`))))
    })
    request.once('error', reject).once('timeout', () => request.destroy(new Error('too late')))
  })
}
