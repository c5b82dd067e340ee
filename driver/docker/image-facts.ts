import type { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { createContainer, pathOf, removeContainer } from './container.ts'
import { unless } from './errors.ts'
import { inspectImage } from './image.ts'
import { instanceLabels } from './labels.ts'
import { appUid } from './names.ts'
import type { ImageFacts } from './profile.ts'
import type { Site } from './site.ts'

type User = Pick<ImageFacts, 'user' | 'uid'>

const ours: User = { user: `${appUid}:${appUid}`, uid: appUid }

/** What must be known of an image before it runs: the user it may run as, and its volumes. */
export async function imageFacts(
  site: Site,
  image: string,
  signal: AbortSignal,
): Promise<ImageFacts> {
  const { Config } = await inspectImage(site, image, signal)
  const volumes = Object.keys((Config.Volumes as object | null) ?? {})
  return { ...(await safeUser(site, image, Config.User, signal)), volumes }
}

/**
 * The image's own user when that is not root, else ours.
 *
 * A name says nothing: `app` may be uid 0. It is looked up in the image's own `/etc/passwd`, and
 * without an entry there ours is taken.
 */
async function safeUser(
  site: Site,
  image: string,
  wanted: string,
  signal: AbortSignal,
): Promise<User> {
  const [name = ''] = wanted.split(':')
  if (name === '') return ours
  const uid = /^\d+$/.test(name) ? Number(name) : uidOf(name, await readPasswd(site, image, signal))
  return uid === null || uid === 0 ? ours : { user: wanted, uid }
}

/** The uid of a user in a passwd file; null when it is not listed. */
export function uidOf(name: string, passwd: string): number | null {
  const entry = passwd.split('\n').find((line) => line.startsWith(`${name}:`))
  const uid = entry?.split(':')[2]
  return uid !== undefined && /^\d+$/.test(uid) ? Number(uid) : null
}

/** Reads it out of a container that is made for this and never started. */
async function readPasswd(site: Site, image: string, signal: AbortSignal): Promise<string> {
  const name = `slw-${site.settings.instance}-look-${crypto.randomUUID()}`
  const labels = { ...instanceLabels(site.settings.instance), 'slipway.role': 'build' }
  const body = { Image: image, Cmd: ['true'], Labels: labels, HostConfig: { NetworkMode: 'none' } }
  await createContainer(site, name, body, signal)
  try {
    const query = { path: '/etc/passwd' }
    const request = { method: 'GET', path: `${pathOf(name)}/archive`, query } as const
    const doing = `read the users of ${image}`
    const archive = await unless([404], site.engine.stream({ ...request, doing }, signal))
    return archive === null ? '' : await firstFile(archive)
  } finally {
    await removeContainer(site, name, AbortSignal.timeout(30_000))
  }
}

const passwdLimitBytes = 1024 ** 2

async function firstFile(archive: Readable): Promise<string> {
  const entries = archive.pipe(extract())
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > passwdLimitBytes) return ''
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString()
  }
  return ''
}
