import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { SshReader, sshString } from '#lib/ssh-wire.ts'

/** A hardware token made of software. */
export interface Token {
  readonly type: string
  /** Its public key, as SSH sends it. */
  readonly blob: Buffer
  readonly sign: (message: Buffer) => Buffer
}

export interface TokenOptions {
  /** Whether somebody touches it for every signature. */
  readonly isTouched?: boolean
  /** What it says it was asked by, when it signs. */
  readonly application?: string
}

const application = 'ssh:'

export function ed25519Token(options: TokenOptions = {}): Token {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const type = 'sk-ssh-ed25519@openssh.com'
  const x = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const blob = Buffer.concat([type, x, application].map(sshString))
  return {
    type,
    blob,
    sign: (message) => signed(type, (data) => sign(null, data, privateKey), message, options),
  }
}

export function ecdsaToken(options: TokenOptions = {}): Token {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const type = 'sk-ecdsa-sha2-nistp256@openssh.com'
  const blob = Buffer.concat([type, 'nistp256', pointOf(privateKey), application].map(sshString))
  const bySha256 = (data: Buffer): Buffer => {
    const both = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return Buffer.concat([both.subarray(0, 32), both.subarray(32)].map(number))
  }
  return { type, blob, sign: (message) => signed(type, bySha256, message, options) }
}

function pointOf(key: KeyObject): Buffer {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
}

/** A number as SSH writes it: never negative, no zeros in front that nobody needs. */
function number(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const short = bytes.subarray(first)
  return sshString((short[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), short]) : short)
}

function signed(
  type: string,
  signData: (data: Buffer) => Buffer,
  message: Buffer,
  { isTouched = true, application: asker = application }: TokenOptions,
): Buffer {
  const added = Buffer.of(isTouched ? 1 : 0, 0, 0, 0, 7)
  const sha256 = (text: Buffer | string): Buffer => createHash('sha256').update(text).digest()
  const data = signData(Buffer.concat([sha256(asker), added, sha256(message)]))
  return Buffer.concat([sshString(type), sshString(data), added])
}

/** An agent as `ssh` asks it, with one token plugged in. */
export async function serveAgent(path: string, token: Token): Promise<() => void> {
  const server = createServer((socket) => {
    let seen = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk])
      while (seen.length >= 4 && seen.length >= 4 + seen.readUInt32BE()) {
        const end = 4 + seen.readUInt32BE()
        socket.write(sshString(reply(seen.subarray(4, end), token)))
        seen = seen.subarray(end)
      }
    })
  })
  server.listen(path)
  await once(server, 'listening')
  return () => void server.close()
}

const askIdentities = 11
const identities = 12
const askSignature = 13
const signature = 14
const failed = 5

function reply(message: Buffer, { blob, sign: signMessage }: Token): Buffer {
  const [kind] = message
  if (kind === askIdentities) {
    const one = Buffer.from([identities, 0, 0, 0, 1])
    return Buffer.concat([one, sshString(blob), sshString('token')])
  }
  if (kind !== askSignature) return Buffer.of(failed)
  const reader = new SshReader(message.subarray(1))
  reader.string() // the only key
  return Buffer.concat([Buffer.of(signature), sshString(signMessage(reader.string()))])
}
