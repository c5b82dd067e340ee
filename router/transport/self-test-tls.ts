import net from 'node:net'
import tls from 'node:tls'
import type { SecureContext } from 'node:tls'
import { keyPem, makeKey, selfSigned, toPem } from '#lib/x509.ts'
import { contextOf } from '#router/tls/handshake.ts'
import type { Certificates } from './certificates.ts'
import { tryEcho } from './self-test-echo.ts'
import type { Heard } from './self-test-echo.ts'
import type { Network } from './transport.ts'

const host = 'self-test.invalid'
const hourMs = 3_600_000
/** More than a TLS connection takes at once. */
const muchBytes = 100_000

/**
 * Exercises a network's side of TLS against `node:tls`: a handshake that finds the certificate of
 * its name, an echo, an end and a reset. Rejects with what went wrong.
 */
export async function tryOutTls(network: Network): Promise<void> {
  const key = await makeKey()
  const now = Date.now()
  const [from, until] = [new Date(now - hourMs), new Date(now + hourMs)]
  const cert = toPem('CERTIFICATE', selfSigned({ subject: host, names: [host], from, until }, key))
  const certificates = new OneCertificate(contextOf({ cert, key: keyPem(key) }))
  const options = { tls: { certificates } }
  await tryEcho(network, options, (port, heard) => converse(port, cert, heard), muchBytes)
}

class OneCertificate implements Certificates {
  readonly hasChallenges = false
  readonly ticketKeys = Buffer.alloc(48)
  readonly #context: SecureContext

  constructor(context: SecureContext) {
    this.#context = context
  }

  contextFor(serverName: string): SecureContext | undefined {
    return serverName === host ? this.#context : undefined
  }

  challengeFor(): undefined {}

  onTicketKeys(): void {}
}

/** Trusting `ca` alone also spares Node to read all others. */
function converse(port: number, ca: string, heard: Heard): Promise<void> {
  return new Promise((resolve, reject) => {
    const tcp = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    const socket = tls.connect({ socket: tcp, servername: host, ca })
    // The TLS over it says the same.
    tcp.on('error', () => undefined)
    socket
      .on('data', (bytes: Buffer) => heard.take(bytes))
      .once('end', () => (heard.hasEnded = true))
      // After the handshake an error is a reset, which one of the two wants.
      .once('error', reject)
      .once('secureConnect', () => socket.off('error', reject).on('error', () => undefined))
      .once('close', () => resolve())
    socket.end(heard.said)
  })
}
