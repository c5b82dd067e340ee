import type { ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2'
import { headLimitBytes, incomplete, whole } from '#router/proxy/head.ts'
import { parseResponseHead, ResponseHead } from '#router/proxy/response-head.ts'
import { answerFields, grouped, trailerFields } from './answer-fields.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import { code, isGone, reset } from './reset.ts'

/**
 * - `head`: nothing final was answered yet
 * - `length`, `chunked`, `until-close`: how the body ends that passes now
 * - `done`: all was handed to the stream; what comes more is dropped
 */
type Stage = 'head' | 'length' | 'chunked' | 'until-close' | 'tunnel' | 'done'

export interface Question {
  readonly isHead: boolean
  readonly isTunnel: boolean
}

export type Attempt = (event: () => void) => void

const head = new ResponseHead()
const withBody = { sendDate: false } as ServerStreamResponseOptions
const withoutBody = { sendDate: false, endStream: true }
const withTrailers = { sendDate: false, waitForTrailers: true }

/** The answer to one stream, and then to the next: HTTP/1.1 goes in, frames come out. */
export class Answer {
  readonly #attempt: Attempt
  #stream: ServerHttp2Stream
  #question: Question = { isHead: false, isTunnel: false }
  #stage: Stage = 'head'
  #left = 0
  #chunks: ChunkDecoder | null = null
  /** Part of a head. */
  #stash: Buffer | null = null

  /** `attempt` runs what is not called from outside, and sees to what it throws. */
  constructor(stream: ServerHttp2Stream, attempt: Attempt) {
    this.#stream = stream
    this.#attempt = attempt
  }

  begin(stream: ServerHttp2Stream, question: Question): void {
    this.#stream = stream
    this.#question = question
    this.#stage = 'head'
    this.#stash = null
    this.#chunks = null
  }

  /** Whole, and handed to the stream. */
  get isDone(): boolean {
    return this.#stage === 'done'
  }

  /** Bytes that are `lent` are copied. */
  take(given: Buffer, isLent: boolean): void {
    const bytes = this.#stash === null ? given : Buffer.concat([this.#stash, given])
    this.#stash = null
    let at = 0
    while (at < bytes.length && this.#stage === 'head') at = this.#takeHead(bytes, at, isLent)
    if (at < bytes.length) this.#takeBody(at === 0 ? bytes : bytes.subarray(at), isLent)
  }

  /** No more comes. */
  end(): void {
    if (this.#stage === 'done') return
    const isWhole = this.#stage === 'until-close' || this.#stage === 'tunnel'
    this.#stage = 'done'
    if (isWhole) this.#stream.end()
    else reset(this.#stream, code.internalError)
  }

  /** Gives the offset after what was read. */
  #takeHead(bytes: Buffer, at: number, isLent: boolean): number {
    const verdict = parseResponseHead(head, bytes, at)
    if (verdict === incomplete && bytes.length - at <= headLimitBytes) {
      this.#stash = Buffer.from(bytes.subarray(at))
      return bytes.length
    }
    if (verdict !== whole) return this.#fail(bytes)
    const { end, status } = head
    if (status === 101) this.#beginTunnel(bytes)
    else if (status < 200)
      this.#stream.additionalHeaders(grouped(answerFields(head, bytes, status)))
    else return this.#begin(bytes, isLent)
    return end
  }

  #beginTunnel(bytes: Buffer): void {
    this.#stage = 'tunnel'
    this.#stream.respond(answerFields(head, bytes, 200), withBody)
  }

  #begin(bytes: Buffer, isLent: boolean): number {
    const { status, end, contentLength, isChunked } = head
    // To the client that would mean that its tunnel is open.
    if (this.#question.isTunnel && status < 300) return this.#fail(bytes, code.connectError)
    const fields = answerFields(head, bytes, status)
    if (this.#question.isHead || isBodiless(status) || contentLength === 0) {
      this.#stage = 'done'
      this.#stream.respond(fields, withoutBody)
      return bytes.length
    }
    if (isChunked) return this.#beginChunks(fields, bytes, end)
    this.#stage = contentLength > 0 ? 'length' : 'until-close'
    this.#left = contentLength
    this.#stream.respond(fields, withBody)
    if (end < bytes.length) this.#takeBody(bytes.subarray(end), isLent)
    return bytes.length
  }

  /** Only a body that is here whole is known to have no trailers. */
  #beginChunks(fields: string[], bytes: Buffer, at: number): number {
    this.#stage = 'chunked'
    const chunks = new ChunkDecoder()
    this.#chunks = chunks
    const data = chunks.take(bytes, at, bytes.length)
    const isShort = chunks.isDone && chunks.trailers === ''
    if (!isShort) this.#stream.on('wantTrailers', () => this.#attempt(() => this.#sendTrailers()))
    this.#stream.respond(fields, isShort ? withBody : withTrailers)
    this.#send(data, chunks.isDone)
    return bytes.length
  }

  #sendTrailers(): void {
    if (isGone(this.#stream)) return
    this.#stream.sendTrailers(trailerFields(this.#chunks?.trailers ?? ''))
  }

  #takeBody(bytes: Buffer, isLent: boolean): void {
    switch (this.#stage) {
      case 'length':
        this.#left -= bytes.length
        return this.#send(isLent ? Buffer.from(bytes) : bytes, this.#left <= 0)
      case 'chunked':
        return this.#takeChunks(bytes)
      case 'until-close':
      case 'tunnel':
        return this.#send(isLent ? Buffer.from(bytes) : bytes, false)
      case 'head':
      case 'done':
        return
    }
  }

  #takeChunks(bytes: Buffer): void {
    const data = this.#chunks?.take(bytes, 0, bytes.length)
    if (data !== undefined) this.#send(data, this.#chunks?.isDone === true)
  }

  #send(data: Buffer, isLast: boolean): void {
    if (isLast) this.#stage = 'done'
    if (isLast) this.#stream.end(data)
    else if (data.length > 0) this.#stream.write(data)
  }

  #fail(bytes: Buffer, reason: number = code.internalError): number {
    this.#stage = 'done'
    reset(this.#stream, reason)
    return bytes.length
  }
}

/** Without a body whatever its fields say; `node:http2` ends the stream with such a head. */
function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}
