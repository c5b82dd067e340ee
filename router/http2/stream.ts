import type { ServerHttp2Stream } from 'node:http2'
import type { Receiver, Source, Transport } from '#router/transport/transport.ts'
import { Answer } from './answer.ts'
import { RequestBody } from './request-body.ts'
import type { StreamRequest } from './request-text.ts'
import { code, isGone, reset } from './reset.ts'

/** What the streams of a session have in common. */
export interface Peer extends Source {
  readonly serverName: string
}

export type OnBug = (error: unknown) => void

/** A connection in memory. It carries one stream after the other, each as an HTTP/1.1 request and its answer. */
export class StreamTransport implements Transport {
  readonly isSecure = true
  readonly isHttp2 = true
  readonly #peer: Peer
  readonly #answer: Answer
  readonly #onBug: OnBug
  #receiver: Receiver | null = null
  #stream: ServerHttp2Stream
  #isTunnel = false
  /** Of the request; null: it has none, or it is a tunnel's. */
  #body: RequestBody | null = null
  #trailers: readonly string[] = []
  #isReading = false
  #isPaused = false
  #isRequestRead = true
  #awaitsDrain = false
  #isClosed = false

  /** `stream` is the first one. */
  constructor(stream: ServerHttp2Stream, peer: Peer, onBug: OnBug) {
    this.#stream = stream
    this.#peer = peer
    this.#onBug = onBug
    this.#answer = new Answer(stream, (event) => this.#attempt(event))
  }

  get remoteAddress(): string {
    return this.#peer.remoteAddress
  }

  get remotePort(): number {
    return this.#peer.remotePort
  }

  get localPort(): number {
    return this.#peer.localPort
  }

  get serverName(): string {
    return this.#peer.serverName
  }

  get isCongested(): boolean {
    return this.#stream.writableNeedDrain
  }

  get isFlushed(): boolean {
    return this.#stream.writableLength === 0
  }

  /** Nothing is left of the stream: both sides have said all, in peace. */
  get isSpent(): boolean {
    return this.#isRequestRead && this.#answer.isDone && this.#stream.rstCode === code.noError
  }

  /** Who is served. */
  tell(receiver: Receiver): void {
    this.#receiver = receiver
  }

  /** Hands a stream's request over, and then what follows it. The stream before is spent. */
  carry(stream: ServerHttp2Stream, request: StreamRequest, hasBody: boolean): void {
    this.#stream = stream
    this.#isTunnel = request.isTunnel
    this.#isReading = this.#isPaused = this.#awaitsDrain = false
    this.#answer.begin(stream, request)
    if (hasBody) this.#read(request)
    this.#attempt(() => this.#receiver?.onBytes(Buffer.from(request.text, 'latin1')))
    if (!hasBody && request.isTunnel) this.#attempt(() => this.#receiver?.onEnd())
  }

  /** There is no stream any more, and none will come. */
  onGone(): void {
    this.#attempt(() => this.#receiver?.onClosed())
    this.#isClosed = true
  }

  writeText(text: string): void {
    this.#write(Buffer.from(text, 'latin1'), false)
  }

  writeJoined(text: string, bytes: Buffer, start: number, end: number): void {
    this.writeText(text)
    if (end > start) this.writeBytes(bytes, start, end)
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    const isAll = start === 0 && end === bytes.length
    this.#write(isAll ? bytes : bytes.subarray(start, end), true)
  }

  pause(): void {
    if (!this.#isReading || this.#isPaused) return
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosed) return
    this.#isPaused = false
    this.#stream.resume()
  }

  rest(): void {
    // Nothing is kept here between messages.
  }

  shutDown(): void {
    if (this.#isClosed || isGone(this.#stream)) return
    this.#answer.end()
    if (!this.#isTunnel) this.#stopSending()
  }

  /** What was answered whole still goes out, unless it is stuck. */
  close(): void {
    if (!this.#answer.isDone || !this.isFlushed) return this.abort()
    this.#isClosed = true
    this.#stopSending()
  }

  abort(): void {
    this.#isClosed = true
    reset(this.#stream, code.internalError)
  }

  #read(request: StreamRequest): void {
    this.#isReading = true
    this.#isRequestRead = false
    this.#trailers = []
    this.#body = request.isTunnel ? null : new RequestBody(request.contentLength)
    this.#stream
      .on('data', (bytes: Buffer) => this.#attempt(() => this.#onData(bytes)))
      .on('end', () => this.#attempt(() => this.#onEnd()))
      .on('trailers', (_: unknown, __: number, fields: string[]) => (this.#trailers = fields))
  }

  #onData(bytes: Buffer): void {
    const text = this.#body === null ? bytes : this.#body.take(bytes)
    if (text === null) this.#refuse()
    else this.#receiver?.onBytes(text)
  }

  #onEnd(): void {
    // A stream that was reset ends as well; `onGone` will tell.
    if (isReset(this.#stream)) return
    this.#isRequestRead = true
    if (this.#body === null) return this.#receiver?.onEnd()
    const last = this.#body.end(this.#trailers)
    if (last === null) this.#refuse()
    else if (last.length > 0) this.#receiver?.onBytes(last)
  }

  /** The body is not what the head said. */
  #refuse(): void {
    reset(this.#stream, code.protocolError)
  }

  #write(bytes: Buffer, isLent: boolean): void {
    if (this.#isClosed || bytes.length === 0 || isGone(this.#stream)) return
    this.#answer.take(bytes, isLent)
    if (!this.#awaitsDrain && this.#stream.writableNeedDrain) this.#awaitDrain()
    // A refused tunnel is a request without an end.
    if (this.#isTunnel && this.#answer.isDone) this.#stopSending()
  }

  /** Most streams never congest. */
  #awaitDrain(): void {
    this.#awaitsDrain = true
    this.#stream.on('drain', () => this.#attempt(() => this.#receiver?.onDrained()))
  }

  /** After an early answer the client is told that nobody listens (RFC 9113, 8.1). */
  #stopSending(): void {
    if (!this.#isRequestRead && !isGone(this.#stream)) this.#stream.close(code.noError)
  }

  #attempt(event: () => void): void {
    if (this.#isClosed) return
    try {
      event()
    } catch (error) {
      this.#onBug(error)
      reset(this.#stream, code.internalError)
    }
  }
}

function isReset(stream: ServerHttp2Stream): boolean {
  return stream.aborted || (stream.closed && stream.rstCode !== code.noError)
}
