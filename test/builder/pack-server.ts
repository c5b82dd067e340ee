import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { SandboxEnd, SandboxSpec } from '#driver/driver.ts'
import { builds, openWorld, type Sandbox, type World } from './fixture.ts'

/** Files served over HTTP, as a site serves archives and repositories (`git update-server-info`). */
export interface PackServer {
  readonly url: string
  readonly port: number
  /** Paths that were asked for. */
  readonly asked: string[]
  close(): Promise<void>
}

export async function servePacks(
  t: Test,
  folder: string,
  address = '127.0.0.1',
): Promise<PackServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://packs').pathname
    asked.push(path)
    readFile(join(folder, path)).then(
      (content) => {
        const etag = `"${createHash('sha256').update(content).digest('hex')}"`
        const isKnown = request.headers['if-none-match'] === etag
        response.writeHead(isKnown ? 304 : 200, { etag }).end(isKnown ? undefined : content)
      },
      () => response.writeHead(404).end(),
    )
  })
  server.listen(0, address)
  await once(server, 'listening')
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await new Promise((done) => server.close(done))
  }
  t.teardown(close)
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, asked, close }
}

/** A builder that fetches from a folder served over HTTP. */
export interface Stage {
  readonly world: World
  readonly server: PackServer
  readonly folder: string
}

export async function openFetching(t: Test, settings: Record<string, string> = {}): Promise<Stage> {
  const folder = t.testdir({})
  const world = await openWorld(t, { SLIPWAY_BUILDPACK_SCHEMES: 'https,http', ...settings })
  world.sandbox = fetchesOr(builds())
  return { world, server: await servePacks(t, folder), folder }
}

/** A sandbox in which buildpacks and submodules are fetched by the real program, on this host. */
export function fetchesOr(build: Sandbox): Sandbox {
  return (spec, onOutput, signal) =>
    spec.argv[0] === '/fetch/pack' ? fetchHere(spec, onOutput) : build(spec, onOutput, signal)
}

async function fetchHere(
  { argv, env, mounts }: SandboxSpec,
  onOutput: (chunk: Buffer) => void,
): Promise<SandboxEnd> {
  const [program = '', ...args] = argv.map((word) =>
    mounts.reduce((text, { source, target }) => text.replace(target, source), word),
  )
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', onOutput)
  const [code] = (await once(child, 'close')) as [number]
  return { kind: 'exit', code }
}
