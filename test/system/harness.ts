import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { addKey } from '#contract/account.ts'
import { createApp, destroyApp } from '#contract/app.ts'
import type { App } from '#contract/app.ts'
import { call } from '#contract/call.ts'
import type { CallOptions } from '#contract/call.ts'
import type { Endpoint, ReplyOf } from '#contract/endpoint.ts'
import { SlipwayError } from '#contract/error.ts'
import { openAdministrator } from '#scripts/platform/administrator.ts'
import type { Administrator } from '#scripts/platform/administrator.ts'
import { uninstall } from '#scripts/platform/clean.ts'
import { git, sshWith } from '#scripts/platform/git.ts'
import type { GitEnd } from '#scripts/platform/git.ts'
import { makeKeys, makeSshKey } from '#scripts/platform/keys.ts'
import { keyPath, readPlatform } from '#scripts/platform/settings.ts'
import type { Platform } from '#scripts/platform/settings.ts'
import { supervise } from '#scripts/platform/supervise.ts'

/** A whole platform under test: the three real programs on the real engine. */
export interface TestPlatform {
  readonly platform: Platform
  readonly admin: Administrator
  call<E extends Endpoint>(endpoint: E, options?: CallOptions<E>): Promise<ReplyOf<E>>
  /** A new app with the code of `test/apps/<sample>` in a git folder of its own. */
  newApp(sample: string, change?: (folder: string) => void): Promise<TestApp>
  /** Process id of one of the three programs, as it is now. */
  pid(program: 'controller' | 'builder' | 'router'): number
  close(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: http.IncomingHttpHeaders
}

/** An app under test, as its developer has it: a git folder with the remote `deis`. */
export class TestApp {
  readonly app: App
  readonly folder: string
  readonly #of: { platform: Platform; env: Record<string, string> }

  constructor(app: App, folder: string, of: { platform: Platform; env: Record<string, string> }) {
    this.app = app
    this.folder = folder
    this.#of = of
  }

  get name(): string {
    return this.app.name
  }

  /** Writes a file of the app and commits it. */
  async change(path: string, content: string): Promise<void> {
    writeFileSync(join(this.folder, path), content)
    await this.commit(`Change ${path}`)
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8')
  }

  async commit(message: string): Promise<void> {
    await this.git('add', '-A')
    await this.git('commit', '-q', '--allow-empty', '-m', message)
  }

  git(...args: string[]): Promise<GitEnd> {
    return git(this.folder, args, { env: this.#of.env })
  }

  push(refspec = 'main', onOutput?: (text: string) => void): Promise<GitEnd> {
    const env = this.#of.env
    return git(this.folder, ['push', 'deis', refspec], onOutput ? { env, onOutput } : { env })
  }

  get(path = '/', options: http.RequestOptions & { body?: string } = {}): Promise<Answer> {
    const host = `${this.name}.${this.#of.platform.domain}`
    return request(this.#of.platform.httpPort, host, path, options)
  }
}

/** One request to the router under a host name; a broken connection is thrown. */
function request(
  port: number,
  host: string,
  path: string,
  { body, ...options }: http.RequestOptions & { body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host, ...(options.headers as http.OutgoingHttpHeaders) }
    const sent = http.request({ host: '127.0.0.1', port, path, ...options, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: answer.statusCode ?? 0, body: text, headers: answer.headers })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Waits until something holds; throws after `timeoutMs` with the sentence. */
export async function until(
  sentence: string,
  holds: () => Promise<boolean> | boolean,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs / 1000} s: ${sentence}`)
    await sleep(50)
  }
}

/**
 * The platform that `SLIPWAY_TEST_STATE` names and `scripts/test` keeps running for all files, or one
 * of this file's own.
 */
export async function openPlatform(): Promise<TestPlatform> {
  const shared = process.env['SLIPWAY_TEST_STATE']
  const stateDir = shared ?? mkdtempSync(join(tmpdir(), 'slipway-test-'))
  const platform = readPlatform(testSettings(stateDir))
  if (shared !== undefined) return await connect(platform, async () => {})
  await makeKeys(platform)
  const supervisor = await supervise(platform)
  return await connect(platform, async () => {
    await supervisor.stop()
    await uninstall(platform)
    rmSync(stateDir, { recursive: true, force: true })
  })
}

/** Settings of a test's platform: everything beside what an operator's `make run` would use. */
export function testSettings(stateDir: string): Record<string, string | undefined> {
  return {
    SLIPWAY_SSH_PORT: '3222',
    SLIPWAY_API_PORT: '3800',
    SLIPWAY_HTTP_PORT: '3880',
    SLIPWAY_BUILDER_PORT: '3802',
    SLIPWAY_ROUTER_ADMIN_PORT: '3801',
    SLIPWAY_NETWORKS: '10.218.0.0/16',
    SLIPWAY_BUILD_SUBNET: '10.218.255.192/26',
    SLIPWAY_INSTANCE: 'test',
    // The slowest sample takes eight seconds; those that never listen should not take a minute.
    SLIPWAY_START_TIMEOUT_S: '15',
    // Builds do not reach the ports of this host: buildpacks of tests come from a folder.
    SLIPWAY_BUILDPACK_FOLDER: join(stateDir, 'packs-of-tests'),
    ...process.env,
    SLIPWAY_STATE: stateDir,
  }
}

async function connect(platform: Platform, stop: () => Promise<void>): Promise<TestPlatform> {
  const admin = await openAdministrator(platform)
  if (admin === undefined) throw new Error('The test platform has no administrator of ours.')
  const env = await pushKey(platform, admin)
  const apps: TestApp[] = []
  return {
    platform,
    admin,
    call: (endpoint, options) => call(admin.api, endpoint, options),
    newApp: async (sample, change) => {
      const app = await call(admin.api, createApp, { body: { name: nameFor(sample) } })
      const made = new TestApp(app, await checkOut(sample, app, platform, change), {
        platform,
        env,
      })
      apps.push(made)
      return made
    },
    pid: (program) => Number(readFileSync(join(platform.stateDir, 'pids', program), 'utf8')),
    close: async () => {
      for (const { app, folder } of apps) {
        await call(admin.api, destroyApp, { params: { app: app.name } }).catch(() => undefined)
        rmSync(folder, { recursive: true, force: true })
      }
      await stop()
    },
  }
}

function nameFor(sample: string): string {
  return `${sample.slice(0, 20)}-${randomBytes(3).toString('hex')}`
}

async function pushKey(
  platform: Platform,
  { api }: Administrator,
): Promise<Record<string, string>> {
  const key = keyPath(platform, 'test_ed25519')
  if (!existsSync(key)) makeSshKey(key, 'slipway test')
  try {
    await call(api, addKey, { body: { public_key: readFileSync(`${key}.pub`, 'utf8') } })
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'KEY_TAKEN') throw error
  }
  return sshWith(platform, key)
}

async function checkOut(
  sample: string,
  app: App,
  platform: Platform,
  change: ((folder: string) => void) | undefined,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `slipway-${sample}-`))
  cpSync(join(import.meta.dirname, '../apps', sample), folder, { recursive: true })
  change?.(folder)
  await git(folder, ['init', '-q', '-b', 'main'])
  await git(folder, ['add', '-A'])
  await git(folder, ['commit', '-q', '-m', 'First'])
  const url = `ssh://git@127.0.0.1:${platform.sshPort}/${app.name}.git`
  await git(folder, ['remote', 'add', 'deis', url])
  return folder
}
