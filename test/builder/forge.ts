import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'

export interface Entry {
  readonly mode: string
  readonly name: string
  readonly id: string
}

/** Writes objects as they are, as a hostile client would. */
export class Forge {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  blob(content: string | Buffer): string {
    return this.#write('blob', Buffer.from(content))
  }

  tree(...entries: readonly Entry[]): string {
    const parts = entries.map(({ mode, name, id }) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
    )
    return this.#write('tree', Buffer.concat(parts))
  }

  commit(tree: string): string {
    return this.#write('commit', commitOf(tree))
  }

  #write(type: string, input: Buffer): string {
    const args = ['hash-object', '-t', type, '--literally', '-w', '--stdin']
    return execFileSync('git', args, { cwd: this.#path, input }).toString().trim()
  }
}

export function commitOf(tree: string): Buffer {
  const who = 'Mallory <m@example.com> 1700000000 +0000'
  return Buffer.from(`tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nx\n`)
}

export function idOf(type: string, content: Buffer): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex')
}

const kinds = { commit: 1, tree: 2, blob: 3, delta: 7 } as const

/** An object of a pack. `claimed` is the size its head says, whatever it holds. */
export function packed(
  kind: keyof typeof kinds,
  content: Buffer,
  { claimed = content.length, base = '' }: { claimed?: number; base?: string } = {},
): Buffer {
  const head: number[] = [(kinds[kind] << 4) | (claimed & 0x0f)]
  for (let rest = Math.floor(claimed / 16); rest > 0; rest = Math.floor(rest / 128)) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0x80
    head.push(rest % 128)
  }
  return Buffer.concat([Buffer.from(head), Buffer.from(base, 'hex'), deflateSync(content)])
}

export function pack(...objects: readonly Buffer[]): Buffer {
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  head.writeUInt32BE(objects.length, 8)
  const body = Buffer.concat([head, ...objects])
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

/** A delta that makes many times the base of it: each copy takes 7 bytes and gives 16 MiB. */
export function deltaBomb(baseBytes: number, copies: number): Buffer {
  const copyBytes = Math.min(baseBytes, 0xffffff)
  const copy = Buffer.from([0xf0, copyBytes & 0xff, (copyBytes >> 8) & 0xff, copyBytes >> 16])
  const sizes = [baseBytes, copyBytes * copies].map(varint)
  return Buffer.concat([...sizes, ...Array.from({ length: copies }, () => copy)])
}

function varint(size: number): Buffer {
  const bytes: number[] = []
  for (let rest = size; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) | 0x80 : rest)
    if (rest < 128) return Buffer.from(bytes)
  }
}

export function packetLine(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

export const flush = Buffer.from('0000')
