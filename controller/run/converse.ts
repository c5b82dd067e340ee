import { once } from 'node:events'
import type { Duplex, Readable } from 'node:stream'
import { encodeFrame, FrameReader } from '#contract/attach.ts'
import type { FrameKind } from '#contract/attach.ts'
import type { OneOff } from '#driver/driver.ts'

type Frame = ReturnType<FrameReader['push']>[number]

const signalPattern = /^SIG[A-Z0-9]{2,10}$/

/**
 * Carries frames between a client and a one-off until that has ended and its exit code is sent.
 * Throws when the client goes first, sends what is no frame, or `signal` is aborted.
 */
export async function converse(socket: Duplex, oneOff: OneOff, signal: AbortSignal): Promise<void> {
  const broken = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => broken.reject(signal.reason), { once: true })
  oneOff.stdin.on('error', () => undefined)
  listen(socket, oneOff, signal).catch((error: unknown) => broken.reject(error))
  await Promise.race([speak(socket, oneOff, signal), broken.promise])
}

/** The client's frames, one after the other: a slow command holds up its own client. */
async function listen(socket: Duplex, oneOff: OneOff, signal: AbortSignal): Promise<void> {
  const reader = new FrameReader()
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    for (const frame of reader.push(chunk as Buffer)) await obey(frame, oneOff, signal)
  }
  // A client may close its side only together with the other: that is `end` without the frame.
  signal.throwIfAborted()
  throw new Error('the client is gone')
}

async function obey({ kind, payload }: Frame, oneOff: OneOff, signal: AbortSignal): Promise<void> {
  const { stdin } = oneOff
  switch (kind) {
    case 'input':
      if (stdin.writable && !stdin.write(payload)) await drained(stdin, signal)
      return
    case 'end':
      stdin.end()
      return
    case 'resize':
      return oneOff.resize(...sizeIn(payload))
    case 'signal':
      return sendSignal(oneOff, Buffer.from(payload).toString())
    case 'stdout':
    case 'stderr':
    case 'exit':
      throw new RangeError(`a client does not send ${kind}`)
  }
}

async function drained(stdin: OneOff['stdin'], signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const until = { signal: AbortSignal.any([signal, over.signal]) }
  const events = ['drain', 'close'].map((event) => once(stdin, event, until))
  try {
    await Promise.race(events)
  } finally {
    over.abort()
    await Promise.allSettled(events)
  }
}

function sizeIn(payload: Uint8Array): [number, number] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  return [view.getUint16(0), view.getUint16(2)]
}

async function sendSignal(oneOff: OneOff, name: string): Promise<void> {
  if (!signalPattern.test(name)) throw new RangeError('not the name of a signal')
  await oneOff.signal(name)
}

/** All output, then the exit code; ends the connection. */
async function speak(socket: Duplex, oneOff: OneOff, signal: AbortSignal): Promise<void> {
  await Promise.all([
    forward(oneOff.stdout, 'stdout', socket, signal),
    forward(oneOff.stderr, 'stderr', socket, signal),
  ])
  const code = new Uint8Array(4)
  new DataView(code.buffer).setUint32(0, await oneOff.exit)
  socket.end(encodeFrame('exit', code))
  await once(socket, 'finish', { signal })
}

async function forward(
  from: Readable,
  kind: FrameKind,
  socket: Duplex,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of from) {
    const isFree = socket.write(encodeFrame(kind, chunk as Buffer))
    if (!isFree) await once(socket, 'drain', { signal })
  }
}
