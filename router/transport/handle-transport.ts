import { endOfFile, reportReads, shutdownRequest } from './binding.ts'
import type { StreamHandle, TcpHandle } from './binding.ts'
import { Bulk, shared, sharedBytes } from './lending.ts'
import type { Line } from './line.ts'
import { PlainWriter } from './plain-writer.ts'
import { SecureWriter } from './secure-writer.ts'
import type { Receiver, Transport } from './transport.ts'
import type { Writer, WriterOwner } from './writer.ts'
import { textBytes } from './writer.ts'

/** A connection over a libuv handle, without a stream in between. */
export class HandleTransport implements Transport, WriterOwner {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localPort: number
  readonly isSecure: boolean
  readonly serverName: string
  readonly #onBug: (error: unknown) => void
  readonly #writer: Writer
  readonly #line: Line
  #handle: StreamHandle | null
  #receiver: Receiver | null = null
  /** Lent to us in place of the shared buffer. */
  #bulk: Bulk | null = null
  #wantsBulk = false
  /** Came while paused: bytes, and how it ended. */
  #kept: (Buffer | number)[] | null = null
  #isReading = false
  #isPaused = false
  #hasEnded = false
  /** A write failed: what was sent to us before may still be read. */
  #isBroken = false
  /** We were told to write no more; it is being said; it was said. */
  #shut: 'no' | 'wanted' | 'saying' | 'said' = 'no'
  #resetsWhenShut = false
  /** Has yet to hear that the connection is gone. */
  #leaving: Receiver | null = null

  constructor(line: Line, onBug: (error: unknown) => void) {
    this.#line = line
    this.#handle = line.handle
    this.#onBug = onBug
    this.remoteAddress = line.source.remoteAddress
    this.remotePort = line.source.remotePort
    this.localPort = line.source.localPort
    this.isSecure = line.isSecure
    this.serverName = line.serverName
    this.#writer = line.isSecure
      ? new SecureWriter(line.handle, this)
      : new PlainWriter(line.handle as TcpHandle, this)
  }

  get isCongested(): boolean {
    return this.#writer.isCongested
  }

  get isFlushed(): boolean {
    return this.#writer.isFlushed
  }

  writeText(text: string): void {
    if (this.#isWritable) this.#writer.writeText(text)
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    if (end > start && this.#isWritable) this.#writer.writeBytes(bytes, start, end)
  }

  writeJoined(text: string, bytes: Buffer, start: number, end: number): void {
    if (this.#isWritable) this.#writer.writeJoined(text, bytes, start, end)
  }

  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    if (!this.#isReading) return
    this.#isReading = false
    this.#handle?.readStop()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    if (this.#kept !== null) queueMicrotask(() => this.#readKept())
    else this.#read()
  }

  rest(): void {
    this.#wantsBulk = false
  }

  shutDown(): void {
    if (this.#shut !== 'no' || this.#handle === null) return
    this.#shut = 'wanted'
    if (this.#writer.isFlushed) this.#sayEnd()
  }

  close(): void {
    if (this.#detach()) this.#line.close()
  }

  abort(): void {
    const isSaying = this.#shut === 'saying'
    if (!this.#detach()) return
    // It cannot be reset while the end is being said, which over TCP is a matter of one turn.
    if (isSaying && !this.isSecure) this.#resetsWhenShut = true
    else if (isSaying) this.#line.close()
    else this.#line.reset()
  }

  // For the network.

  /** Who is told from now on. */
  tell(receiver: Receiver): void {
    this.#receiver = receiver
  }

  /** Reads. `first`: what was read already. */
  start(first: Buffer | null = null): void {
    const handle = this.#handle
    if (handle === null) return
    handle.reader = this
    reportReads(handle, shared.bytes)
    this.#line.onClosed?.(() => this.fail())
    if (first !== null) this.#kept = [first]
    // A socket whose handle this is may have been reading.
    if (this.#isPaused) handle.readStop()
    else this.#readKept()
  }

  /** Hands an event on; what it throws costs this connection. */
  attempt(event: () => void): void {
    try {
      event()
    } catch (error) {
      this.#onBug(error)
      this.#vanish(() => this.abort())
    }
  }

  /** Closes, and the receiver hears so when this turn is over, unless it closes in the meantime. */
  fail(): void {
    this.#vanish(() => this.close())
  }

  // For the handle.

  /** Gives the buffer for what is read next; none: the same. */
  read(size: number): Buffer | undefined {
    if (this.#isPaused || this.#kept !== null) return this.#keep(size)
    if (size > 0) return this.#readBytes(size)
    if (size < 0) this.#readEnd(size === endOfFile)
    return undefined
  }

  onWritten(): void {
    if (this.#shut === 'no') this.attempt(() => this.#receiver?.onDrained())
  }

  onFlushed(): void {
    if (this.#shut === 'wanted') this.#sayEnd()
  }

  onWriteFailed(): void {
    if (this.#isBroken) return
    this.#isBroken = true
    if (!this.#isReading || this.isSecure) this.fail()
  }

  // Reading.

  #read(): void {
    if (this.#isReading || this.#hasEnded || this.#isPaused || this.#receiver === null) return
    if (this.#bulk?.isHeld === true) {
      this.#bulk.onFree = () => this.#read()
      return
    }
    this.#isReading = true
    this.#handle?.readStart()
  }

  /** TLS may have decrypted more than was given before the pause. */
  #keep(size: number): undefined {
    if (size === 0) return
    const kept = (this.#kept ??= [])
    kept.push(size > 0 ? Buffer.from(shared.view(size)) : size)
  }

  #readKept(): void {
    while (!this.#isPaused && this.#handle !== null) {
      const next = this.#kept?.shift()
      if (next === undefined) {
        this.#kept = null
        return this.#read()
      }
      if (typeof next === 'number') this.#readEnd(next === endOfFile)
      else this.#give(next)
    }
  }

  #readBytes(size: number): Buffer | undefined {
    const bulk = this.#bulk
    if (size >= sharedBytes) this.#wantsBulk = true
    else if (size <= textBytes) this.#wantsBulk = false
    this.#give(bulk === null ? shared.view(size) : bulk.bytes.subarray(0, size))
    return this.#handle === null ? undefined : this.#nextBuffer(bulk)
  }

  #nextBuffer(bulk: Bulk | null): Buffer | undefined {
    if (!this.#wantsBulk) {
      if (bulk === null) return undefined
      bulk.giveBack()
      this.#bulk = null
      return shared.bytes
    }
    if (bulk !== null && !(bulk.isHeld && this.#isReading)) return undefined
    bulk?.giveBack()
    this.#bulk = Bulk.take()
    return this.#bulk.bytes
  }

  #give(bytes: Buffer): void {
    try {
      this.#receiver?.onBytes(bytes)
    } catch (error) {
      this.#onBug(error)
      this.#vanish(() => this.abort())
    }
  }

  #readEnd(isInOrder: boolean): void {
    this.#isReading = false
    this.#hasEnded = true
    if (!isInOrder || this.#isBroken) return this.fail()
    this.attempt(() => this.#receiver?.onEnd())
    if (this.#shut === 'said') this.fail()
  }

  // Ends.

  get #isWritable(): boolean {
    return this.#shut === 'no' && !this.#isBroken && this.#handle !== null
  }

  #sayEnd(): void {
    this.#shut = 'saying'
    const error = this.#handle?.shutdown(shutdownRequest(() => this.#onShut()))
    if (error !== 0) this.#onShut()
  }

  #onShut(): void {
    this.#shut = 'said'
    if (this.#resetsWhenShut) this.#line.reset()
    else if (this.#hasEnded) this.fail()
  }

  #vanish(close: () => void): void {
    const receiver = this.#receiver
    if (this.#handle === null) return
    close()
    this.#leaving = receiver
    if (receiver !== null) queueMicrotask(() => this.#sayClosed())
  }

  #sayClosed(): void {
    const receiver = this.#leaving
    this.#leaving = null
    this.attempt(() => receiver?.onClosed())
  }

  /** Takes the handle away, so that nothing is read, written or reported any more. */
  #detach(): boolean {
    this.#leaving = null
    const handle = this.#handle
    if (handle === null) return false
    this.#handle = null
    this.#receiver = null
    this.#writer.stop()
    handle.reader = null
    if (this.#isReading) handle.readStop()
    this.#isReading = false
    this.#bulk?.giveBack()
    this.#bulk = null
    return true
  }
}
