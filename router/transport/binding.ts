import type { SecureContext } from 'node:tls'

/**
 * The part of Node's own stream bindings that the handle transport uses. They are no public API:
 * nothing else may import this file, and `choose.ts` tries all of it out before it is relied on.
 */

/** A libuv stream as `tcp_wrap` and `tls_wrap` make it. Calls give 0 or a negative errno. */
export interface StreamHandle {
  onread: (this: StreamHandle) => Buffer | undefined
  /** Ours: who is told what is read. */
  reader?: { read(size: number): Buffer | undefined } | null
  /** The next bytes are read into this; `onread` may give another one back. */
  useUserBuffer(buffer: Buffer): void
  readStart(): number
  readStop(): number
  writeLatin1String(request: WriteRequest, text: string): number
  writeBuffer(request: WriteRequest, bytes: Buffer): number
  shutdown(request: Request): number
  close(onClosed?: () => void): void
}

export interface TcpHandle extends StreamHandle {
  connect(request: Request, address: string, port: number): number
  connect6(request: Request, address: string, port: number): number
  getpeername(out: { address?: string; port?: number }): number
  getsockname(out: { address?: string; port?: number }): number
  setNoDelay(isOn: boolean): number
  /** Closes with a reset; fails while a shutdown is under way. */
  reset(onClosed?: () => void): number
}

/** TLS over a TCP handle. Whatever throws in one of its calls ends the process. */
export interface TlsHandle extends StreamHandle {
  oncertcb: (this: TlsHandle, info: { readonly servername?: string }) => void
  onhandshakedone: (this: TlsHandle) => void
  onerror: (this: TlsHandle, error: unknown) => void
  /** The context to go on with, instead of the one it was made with. */
  sni_context?: unknown
  enableCertCb(): void
  certCbDone(): void
  /** In the form they have in a hello. */
  setALPNProtocols(protocols: Buffer): void
  getServername(): string | false
  isSessionReused(): boolean
  /** Bytes that were read from TCP before. */
  receive(bytes: Buffer): void
  destroySSL(): void
}

export interface Request {
  oncomplete: (this: Request, status: number) => void
}

export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void
  /** Ours: whoever waits for it. */
  writer?: { written(status: number, request: WriteRequest): void } | null
  /** Ours: what must stay in memory until then. */
  bytes?: Buffer | null
  release?: (() => void) | null
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly ShutdownWrap: new () => Request
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kLastWriteWasAsync: number
}

interface TcpBinding {
  readonly TCP: new (kind: number) => TcpHandle
  readonly TCPConnectWrap: new () => Request
  readonly constants: { readonly SOCKET: number }
}

interface TlsBinding {
  readonly wrap: (tcp: TcpHandle, context: unknown, isServer: boolean, wrote: boolean) => TlsHandle
}

const { binding } = process as unknown as { binding: (name: string) => unknown }
const stream = binding('stream_wrap') as StreamBinding
const tcp = binding('tcp_wrap') as TcpBinding
const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = stream

/** What a read that ended well gives instead of a size. */
export const endOfFile = (binding('uv') as { UV_EOF: number }).UV_EOF

export function openTcp(): TcpHandle {
  return new tcp.TCP(tcp.constants.SOCKET)
}

export function connectRequest(oncomplete: (status: number) => void): Request {
  return Object.assign(new tcp.TCPConnectWrap(), { oncomplete })
}

export function shutdownRequest(oncomplete: () => void): Request {
  return Object.assign(new ShutdownWrap(), { oncomplete })
}

export function writeRequest(): WriteRequest {
  const request = new WriteWrap()
  request.oncomplete = onWritten
  request.writer = request.bytes = request.release = null
  return request
}

/** Only to be asked right after a write. */
export function wasWriteAsync(): boolean {
  return streamBaseState[kLastWriteWasAsync] !== 0
}

/** The server's side of TLS over a connection that was accepted. */
export function wrapTls(tcp: TcpHandle, context: SecureContext): TlsHandle {
  const { wrap } = binding('tls_wrap') as TlsBinding
  return wrap(tcp, innerContext(context), true, false)
}

/** What `sni_context` takes. */
export function innerContext(context: SecureContext): unknown {
  return (context as { context: unknown }).context
}

/** Lets a handle report what it reads to its `reader`. */
export function reportReads(handle: StreamHandle, into: Buffer): void {
  if (handle.onread === onRead) return
  handle.useUserBuffer(into)
  handle.onread = onRead
}

function onRead(this: StreamHandle): Buffer | undefined {
  return this.reader?.read(streamBaseState[kReadBytesOrError] as number)
}

function onWritten(this: WriteRequest, status: number): void {
  const { writer, release } = this
  this.writer = this.bytes = this.release = null
  release?.()
  writer?.written(status, this)
}
