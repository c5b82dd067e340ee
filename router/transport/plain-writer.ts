import { latin1 } from '#router/proxy/bytes.ts'
import { wasWriteAsync, writeRequest } from './binding.ts'
import type { TcpHandle, WriteRequest } from './binding.ts'
import { Bulk, bulkBytes, isShared } from './lending.ts'
import { textBytes } from './writer.ts'
import type { Writer, WriterOwner } from './writer.ts'

// Nearly all writes are done when the call returns, and leave their request unused.
let spare = writeRequest()

/** Writes to TCP: what the kernel does not take at once is queued by libuv. */
export class PlainWriter implements Writer {
  readonly #handle: TcpHandle
  #owner: WriterOwner | null
  /** Writes that have not left. */
  #waiting = 0
  #hasWritten = false
  #isPrompt = false

  constructor(handle: TcpHandle, owner: WriterOwner) {
    this.#handle = handle
    this.#owner = owner
  }

  get isCongested(): boolean {
    return this.#waiting > 0
  }

  get isFlushed(): boolean {
    return this.#waiting === 0
  }

  writeText(text: string): void {
    this.#prepare()
    const request = spare
    this.#note(this.#handle.writeLatin1String(request, text), request)
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    if (end - start <= textBytes) return this.writeText(latin1(bytes, start, end))
    if (isShared(bytes)) return this.#writeCopy('', bytes, start, end)
    const bulk = Bulk.of(bytes)
    bulk?.hold()
    this.#write(bytes.subarray(start, end), bulk)
  }

  writeJoined(text: string, bytes: Buffer, start: number, end: number): void {
    const size = end - start
    if (text.length + size <= textBytes) {
      return this.writeText(text + latin1(bytes, start, end))
    }
    if (isShared(bytes) && text.length + size <= bulkBytes) {
      return this.#writeCopy(text, bytes, start, end)
    }
    this.writeText(text)
    this.writeBytes(bytes, start, end)
  }

  stop(): void {
    this.#owner = null
  }

  written(status: number): void {
    this.#waiting -= 1
    const owner = this.#owner
    if (owner === null) return
    if (status < 0) return owner.onWriteFailed()
    if (this.#waiting > 0) return
    owner.onWritten()
    if (this.#waiting === 0) this.#owner?.onFlushed()
  }

  #writeCopy(text: string, bytes: Buffer, start: number, end: number): void {
    const bulk = Bulk.take()
    bulk.hold()
    const head = bulk.bytes.write(text, 0, 'latin1')
    bytes.copy(bulk.bytes, head, start, end)
    bulk.giveBack()
    this.#write(bulk.bytes.subarray(0, head + end - start), bulk)
  }

  #write(bytes: Buffer, bulk: Bulk | undefined): void {
    this.#prepare()
    const request = spare
    if (this.#note(this.#handle.writeBuffer(request, bytes), request)) {
      // Nothing else keeps it from being collected under libuv's hands.
      request.bytes = bytes
      request.release = bulk?.release ?? null
    } else {
      bulk?.release()
    }
  }

  /** Only a second write could be held back by the kernel until the first has arrived. */
  #prepare(): void {
    if (this.#isPrompt) return
    if (this.#hasWritten) this.#handle.setNoDelay(true)
    this.#isPrompt = this.#hasWritten
    this.#hasWritten = true
  }

  /** Whether the write goes on after the call. */
  #note(error: number, request: WriteRequest): boolean {
    if (error !== 0) {
      this.#owner?.onWriteFailed()
      return false
    }
    if (!wasWriteAsync()) return false
    request.writer = this
    this.#waiting += 1
    spare = writeRequest()
    return true
  }
}
