import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extract } from 'tar-stream'

/** A registry with one image that asks for a password. The engine takes plain HTTP on this host. */
export interface FakeRegistry {
  /** `127.0.0.1:PORT/shop@sha256:…` */
  readonly image: string
  close(): Promise<void>
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'
const layerType = 'application/vnd.docker.image.rootfs.diff.tar'

/** Serves the image of a file that `docker save` wrote. */
export async function startRegistry(
  file: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<FakeRegistry> {
  const { manifest, blobs } = await readSaved(file)
  const digest = digestOf(manifest)
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const server = createServer((request, response) => {
    if (request.headers.authorization !== wanted) {
      const head = { 'www-authenticate': 'Basic realm="shop"' }
      return response.writeHead(401, head).end('{"errors":[{"code":"UNAUTHORIZED"}]}')
    }
    const name = request.url?.split('/').at(-1) ?? ''
    const isHead = request.method === 'HEAD'
    if (request.url?.includes('/manifests/')) return send(response, manifestType, manifest, isHead)
    const blob = blobs.get(name)
    if (blob !== undefined) return send(response, 'application/octet-stream', blob, isHead)
    return response.writeHead(request.url === '/v2/' ? 200 : 404).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    image: `127.0.0.1:${port}/shop@${digest}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function send(response: ServerResponse, type: string, bytes: Buffer, isHead: boolean): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': bytes.length,
    'docker-content-digest': digestOf(bytes),
  })
  response.end(isHead ? undefined : bytes)
}

async function readSaved(file: string): Promise<{ manifest: Buffer; blobs: Map<string, Buffer> }> {
  const files = new Map<string, Buffer>()
  const tar = extract()
  tar.end(await readFile(file))
  for await (const entry of tar) {
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
    files.set(entry.header.name, Buffer.concat(chunks))
  }
  const [image] = JSON.parse(String(files.get('manifest.json'))) as {
    Config: string
    Layers: string[]
  }[]
  const take = (name = ''): Buffer => files.get(name) ?? Buffer.alloc(0)
  const config = take(image?.Config)
  const layers = (image?.Layers ?? []).map(take)
  const described = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    size: bytes.length,
    digest: digestOf(bytes),
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: described('application/vnd.docker.container.image.v1+json', config),
      layers: layers.map((layer) => described(layerType, layer)),
    }),
  )
  return { manifest, blobs: new Map([config, ...layers].map((blob) => [digestOf(blob), blob])) }
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
