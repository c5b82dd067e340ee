import type { Tunnel } from '#router/table/instance.ts'
import type { Reply } from './reply.ts'

/** The client's side of an exchange. */
export interface Asker extends Tunnel {
  readonly isCongested: boolean
  readonly isHttp2: boolean
  /** The request has arrived whole. */
  readonly isRequestRead: boolean
  /** This answer is the connection's last. */
  readonly mustClose: boolean
  /** The answer ends with the connection. */
  closeAfterAnswer(): void
  writeText(text: string): void
  writeJoined(text: string, bytes: Buffer, start: number, end: number): void
  writeBytes(bytes: Buffer, start: number, end: number): void
  /** The request is on its way to an instance: from here on its answer is awaited. */
  onAssigned(): void
  /** The instance takes the request's body now, or again. */
  onReady(): void
  /** Bytes of an answer came: it is alive. */
  onProgress(): void
  onAnswered(): void
  /** Answers with a page of our own. */
  refuse(answer: Reply): void
  /** Breaks off so that the client sees it. */
  abort(): void
  beginTunnel(): void
  /** What the instance says in the tunnel. */
  onTunnelBytes(bytes: Buffer): void
  /** The instance writes no more into the tunnel. */
  onTunnelEnd(): void
  /** The instance has left the tunnel. */
  onTunnelClosed(): void
}
