import { execFile, spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { answerAll, token } from './canned.ts'
import { FakeServer } from './fake-server.ts'

export const program = fileURLToPath(new URL('../../bin/app', import.meta.url))

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface CallOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Standard input; it is empty unless told. */
  readonly input?: string
  readonly folder?: string
}

/** A folder of its own, a server of its own, and the real command. */
export interface Desk {
  readonly fake: FakeServer
  readonly folder: string
  /** The environment the command gets: nothing of ours but PATH. */
  readonly env: Readonly<Record<string, string>>
  app(words: readonly string[], options?: CallOptions): Promise<Ended>
  start(words: readonly string[], options?: CallOptions): ChildProcessWithoutNullStreams
  git(...words: string[]): Promise<string>
}

const run = promisify(execFile)
const limitMs = 20_000

export async function openDesk(t: Test): Promise<Desk> {
  const fake = await FakeServer.open()
  answerAll(fake)
  t.teardown(() => fake.close().catch(() => undefined))
  const folder = await mkdtemp(join(tmpdir(), 'app-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    XDG_CACHE_HOME: join(tmpdir(), `app-test-cache-${process.getuid?.() ?? 0}`),
    DEIS_URL: fake.url,
    DEIS_TOKEN: token,
  }
  const start: Desk['start'] = (words, options = {}) =>
    spawn(program, words, {
      cwd: options.folder ?? folder,
      env: { ...env, ...options.env },
      timeout: limitMs,
    })
  return {
    fake,
    folder,
    env,
    start,
    app: (words, options = {}) => {
      const child = start(words, options)
      child.stdin.on('error', () => undefined).end(options.input ?? '')
      return ended(child)
    },
    git: async (...words) => (await run('git', words, { cwd: folder, env })).stdout.trim(),
  }
}

/** What a started command printed, once it ended. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const parts = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (parts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (parts.stderr += text))
  const code = await new Promise<number>((done) =>
    child.on('close', (exit, signal) => done(exit ?? (signal === null ? -1 : 999))),
  )
  return { code, ...parts }
}
