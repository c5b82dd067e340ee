import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import type { Duplex } from 'node:stream'
import { EngineError } from '#driver/driver.ts'
import { serveGrpc } from './grpc.ts'
import { readFields, writeBytes, writeNumber } from './protobuf.ts'
import type { Site } from './site.ts'

/** A line from the engine to us along one build, on which it asks for what steps may mount. */
export interface BuildSession {
  /** What the build is told, so that it asks here. */
  readonly id: string
  close(): void
}

const getSecret = '/moby.buildkit.secrets.v1.Secrets/GetSecret'
const checkHealth = '/grpc.health.v1.Health/Check'

/**
 * Opens a session of BuildKit that hands out secrets by id, to steps with `RUN --mount=type=secret`.
 * They cross the engine's socket when a step asks, lie on a tmpfs while it runs, and are in no layer.
 */
export async function openBuildSession(
  { settings }: Site,
  secrets: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<BuildSession> {
  const id = randomUUID()
  const connection = await dial(settings.socketPath ?? '/var/run/docker.sock', id, signal)
  const known = new Map(Object.entries(secrets))
  const session = serveGrpc(connection, {
    [getSecret]: (message) => {
      const value = known.get(idIn(message))
      return value === undefined ? null : writeBytes(1, Buffer.from(value))
    },
    // 1 is SERVING; an engine that hears nothing gives the build up.
    [checkHealth]: () => writeNumber(1, 1),
  })
  return {
    id,
    close: () => {
      session.destroy()
      connection.destroy()
    },
  }
}

/** `GetSecretRequest`: the id is field 1. */
function idIn(message: Buffer): string {
  return [...readFields(message)].find(({ id }) => id === 1)?.bytes.toString() ?? ''
}

function dial(socketPath: string, id: string, signal: AbortSignal): Promise<Duplex> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'h2c',
    'x-docker-expose-session-uuid': id,
    'x-docker-expose-session-name': 'slipway',
    'x-docker-expose-session-grpc-method': [getSecret, checkHealth],
  }
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method: 'POST', path: '/session', headers, signal })
    const refuse = (cause?: Error): void => {
      const message = 'The container engine takes no session for the secrets of a build.'
      reject(signal.aborted ? signal.reason : new EngineError(message, false, { cause }))
    }
    asked.once('upgrade', (_answer, socket: Duplex, first: Buffer) => {
      if (first.length > 0) socket.unshift(first)
      resolve(socket)
    })
    asked.once('response', (answer) => {
      answer.resume()
      refuse()
    })
    asked.once('error', refuse)
    asked.end()
  })
}
