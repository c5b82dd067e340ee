import { writeRequest } from './binding.ts'
import type { StreamHandle } from './binding.ts'
import { Scratch } from './lending.ts'
import { textBytes } from './writer.ts'
import type { Writer, WriterOwner } from './writer.ts'

/** What is read next may be larger, and need not be copied when it can be encrypted at once. */
const congestedBytes = textBytes
// What is written is encrypted within the call: one buffer to gather it in serves everybody.
const scratch = new Scratch(327_680)

/**
 * Writes to TLS, which takes one write at a time (a second one ends the process), encrypts it
 * within the call, and says so later. What comes meanwhile is joined for the next write.
 */
export class SecureWriter implements Writer {
  readonly #handle: StreamHandle
  #owner: WriterOwner | null
  #underWay = 0
  #queue: (string | Buffer)[] = []
  #queued = 0

  constructor(handle: StreamHandle, owner: WriterOwner) {
    this.#handle = handle
    this.#owner = owner
  }

  get isCongested(): boolean {
    return this.#underWay + this.#queued > congestedBytes
  }

  get isFlushed(): boolean {
    return this.#underWay === 0
  }

  writeText(text: string): void {
    if (text === '') return
    if (this.#underWay > 0) this.#wait(text)
    else this.#send(gather([text], text.length))
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    const span = bytes.subarray(start, end)
    if (this.#underWay > 0) this.#wait(Buffer.from(span))
    else this.#send(span)
  }

  writeJoined(text: string, bytes: Buffer, start: number, end: number): void {
    const span = bytes.subarray(start, end)
    if (this.#underWay === 0) return this.#send(gather([text, span], text.length + span.length))
    this.#wait(text)
    this.#wait(Buffer.from(span))
  }

  stop(): void {
    this.#owner = null
    this.#queue = []
  }

  written(status: number): void {
    const wasCongested = this.isCongested
    this.#underWay = 0
    if (this.#owner === null) return
    if (status < 0) return this.#owner.onWriteFailed()
    if (this.#queued > 0) this.#sendQueue()
    if (wasCongested && !this.isCongested) this.#owner?.onWritten()
    if (this.isFlushed) this.#owner?.onFlushed()
  }

  #wait(piece: string | Buffer): void {
    this.#queue.push(piece)
    this.#queued += piece.length
  }

  #sendQueue(): void {
    const bytes = gather(this.#queue, this.#queued)
    this.#queue = []
    this.#queued = 0
    this.#send(bytes)
  }

  #send(bytes: Buffer): void {
    const request = writeRequest()
    // It may be done, or have failed, before the call returns.
    request.writer = this
    this.#underWay = bytes.length
    const error = this.#handle.writeBuffer(request, bytes)
    if (error === 0) return
    request.writer = null
    this.#underWay = 0
    this.#owner?.onWriteFailed()
  }
}

/** All pieces in one buffer, which is to be used at once. */
function gather(pieces: readonly (string | Buffer)[], size: number): Buffer {
  const { bytes } = size <= scratch.bytes.length ? scratch : new Scratch(size)
  let at = 0
  for (const piece of pieces) {
    if (typeof piece === 'string') at += bytes.write(piece, at, 'latin1')
    else at += piece.copy(bytes, at)
  }
  return bytes === scratch.bytes ? scratch.view(size) : bytes
}
