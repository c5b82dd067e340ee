import type { Socket } from 'node:net'

/** What a look at the first bytes says: wait for more, give up, or go on after so many of them. */
export type Look = 'more' | 'bad' | number

/**
 * Reads the first bytes of a connection until `look` has seen enough, puts back what comes after
 * them, and calls `go`. A connection that is bad, or ends before, is closed.
 */
export function readBeginning(socket: Socket, look: (bytes: Buffer) => Look, go: () => void): void {
  let seen: Buffer = Buffer.alloc(0)
  const close = (): unknown => socket.destroy()
  const onReadable = (): void => {
    const bytes = socket.read() as Buffer | null
    if (bytes === null) return
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes])
    const looked = look(seen)
    if (looked === 'more') return
    if (looked === 'bad') return void close()
    socket.off('readable', onReadable).off('end', close)
    if (looked < seen.length) socket.unshift(seen.subarray(looked))
    go()
  }
  socket.on('readable', onReadable).on('end', close)
}
