import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, cp, lchown, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { treeEntrypoint } from '#driver/docker/wrapper.ts'
import { buildpacks, type BuildEnd, type Result } from './pack.ts'

const runFile = promisify(execFile)
const client = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const bundle = '/etc/ssl/certs/ca-certificates.crt'
const appUid = 10_001

/** The engine's client; throws when it fails. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await runFile(client, args, { maxBuffer: 16 * 1024 ** 2 })
  return stdout
}

export interface SandboxBuild extends BuildEnd {
  /** Wall time of `buildpacks/build` inside its container. */
  readonly ms: number
}

/** Builds and runs apps in containers as the platform does, with runtimes of its own. */
export class Sandbox {
  readonly #root: string
  /** What is being fetched or was, by name and range: builds at the same time share it. */
  readonly #fetched = new Map<string, Promise<string>>()

  private constructor(root: string) {
    this.#root = root
  }

  static async open(): Promise<Sandbox> {
    return new Sandbox(await mkdtemp(join(tmpdir(), 'bp-test-')))
  }

  async close(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true })
  }

  /** A fresh copy of an app that belongs to the user of builds. */
  async checkOut(source: string): Promise<string> {
    const app = await this.#folder('app')
    await cp(source, app, { recursive: true })
    await give(app)
    return app
  }

  /** A folder that keeps between builds. */
  async cache(): Promise<string> {
    return await this.#folder('cache')
  }

  /** Builds, fetching the runtimes it asks for as the builder would. */
  async build(
    app: string,
    cache: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<SandboxBuild> {
    for (let attempt = 1; ; attempt += 1) {
      const end = await this.#build(app, cache, env)
      if (end.code !== 75 || attempt === 4) return end
      for (const { pack, name, spec } of end.result.needs) await this.#fetchOnce(pack, name, spec)
    }
  }

  async #build(app: string, cache: string, env: Record<string, string>): Promise<SandboxBuild> {
    const out = await this.#folder('out')
    const mounts = [
      `${app}:/app`,
      `${cache}:/cache`,
      `${out}:/out`,
      `${this.#runtimes}:/runtimes:ro`,
    ]
    const timed = 'TIMEFORMAT=took=%R; time /buildpacks/build'
    const all = { ...env, SLIPWAY_RESULT: '/out/result.json', SLIPWAY_NEEDS: '/out/needs' }
    const { code, output } = await this.#run(mounts, all, ['/bin/bash', '-c', timed])
    const result = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result
    return { code, output, result, ms: Number(/took=([\d.]+)/.exec(output)?.[1]) * 1000 }
  }

  get #runtimes(): string {
    return join(this.#root, 'runtimes')
  }

  async #fetchOnce(pack: string, name: string, spec: string): Promise<string> {
    const key = `${name} ${spec}`
    const fetched = this.#fetched.get(key) ?? this.fetch(pack, name, spec)
    this.#fetched.set(key, fetched)
    return await fetched
  }

  /** Runs `bin/runtime` and keeps what it made; its output. */
  async fetch(pack: string, name: string, spec: string): Promise<string> {
    const out = await this.#folder('runtime')
    const argv = [`/buildpacks/${pack}/bin/runtime`, name, spec, '/out']
    const { output } = await this.#run([`${out}:/out`], {}, argv, await imageOfRuntimes(pack))
    const version = /version=(\S+)\s*$/.exec(output)?.[1]
    if (version === undefined) return output
    const target = join(this.#runtimes, name, version)
    await mkdir(join(this.#runtimes, name), { recursive: true, mode: 0o755 })
    if (!existsSync(target)) await rename(out, target)
    return output
  }

  async #run(
    mounts: readonly string[],
    env: Readonly<Record<string, string>>,
    argv: readonly string[],
    image = 'slipway-12:build',
  ): Promise<{ code: number; output: string }> {
    const trust = { SSL_CERT_FILE: bundle, NODE_EXTRA_CA_CERTS: bundle, PIP_CERT: bundle }
    const volumes = [`${buildpacks}:/buildpacks:ro`, `${bundle}:${bundle}:ro`, ...mounts]
    const args = ['run', '--rm', '--name', nameOf('build'), '--tmpfs', '/tmp:exec', ...hardening]
    args.push(...volumes.flatMap(volume))
    args.push(...Object.entries({ ...registries(), ...trust, ...env }).flatMap(variable))
    args.push(image, ...argv)
    return await new Promise((resolve) => {
      execFile(client, args, { maxBuffer: 16 * 1024 ** 2 }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr })
      })
    })
  }

  /** What a process of a built app answers to GET /, in the run image. */
  async answer(app: string, command: string): Promise<string> {
    const name = nameOf('run')
    const mounts = [`${app}:/app`, `${this.#runtimes}:/runtimes:ro`].flatMap(volume)
    const env = { HOME: '/app', PORT: '5000', SLIPWAY_RELEASE: 'v7' }
    const options = [...hardening, '--tmpfs', '/tmp', ...mounts]
    const rest = [...Object.entries(env).flatMap(variable), 'slipway-12:run', ...treeEntrypoint]
    await docker('run', '--detach', '--init', '--name', name, ...options, ...rest, command)
    try {
      const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
      const address = (await docker('inspect', '--format', format, name)).trim()
      return await firstAnswer(`http://${address}:5000/`)
    } finally {
      await docker('rm', '--force', name)
    }
  }

  async #folder(kind: string): Promise<string> {
    const folder = join(this.#root, `${kind}-${randomBytes(6).toString('hex')}`)
    await mkdir(folder, { mode: 0o755 })
    await chown(folder, appUid, appUid)
    return folder
  }
}

const hardening = ['--user', `${appUid}:${appUid}`, '--cap-drop', 'ALL', '--read-only']
hardening.push('--network', 'bridge', '--security-opt', 'no-new-privileges')

const nameOf = (kind: string): string => `bp-test-${kind}-${randomBytes(6).toString('hex')}`
const volume = (text: string): string[] => ['--volume', text]
const variable = ([name, value]: [string, string]): string[] => ['--env', `${name}=${value}`]

/** The image that buildpack.json says its runtimes are fetched in. */
async function imageOfRuntimes(pack: string): Promise<string> {
  const json = await readFile(join(buildpacks, pack, 'buildpack.json'), 'utf8')
  const { runtimes_in = 'build' } = JSON.parse(json) as { runtimes_in?: string }
  return `slipway-12:${runtimes_in}`
}

/** Mirrors that are set for whoever runs the tests. */
function registries(): Record<string, string> {
  const names = ['NPM_CONFIG_REGISTRY', 'PIP_INDEX_URL', 'GOPROXY', 'GOSUMDB', 'HTTPS_PROXY']
  const set = names.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(set)
}

async function give(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    await lchown(join(entry.parentPath, entry.name), appUid, appUid)
  }
}

async function firstAnswer(url: string): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const reply = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => null)
    if (reply !== null) return await reply.text()
    await sleep(50)
  }
  throw new Error(`${url} did not answer`)
}
