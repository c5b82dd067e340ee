/** What a handle transport writes with: `PlainWriter` for TCP, `SecureWriter` for TLS. */
export interface Writer {
  readonly isCongested: boolean
  readonly isFlushed: boolean
  writeText(text: string): void
  writeBytes(bytes: Buffer, start: number, end: number): void
  writeJoined(text: string, bytes: Buffer, start: number, end: number): void
  /** Reports nothing any more. */
  stop(): void
}

/** Who is told. Never called inside a call to the writer, but for `onWriteFailed`. */
export interface WriterOwner {
  /** It is congested no more. */
  onWritten(): void
  /** Everything has left. */
  onFlushed(): void
  /** The connection takes no more. */
  onWriteFailed(): void
}

/** Bytes up to this size go as text: it is one call, most often done at once, and nothing has to be kept. */
export const textBytes = 16_384
