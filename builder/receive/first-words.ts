import type { Socket } from 'node:net'

/** A client's first line is shorter (RFC 4253, 4.2); what is longer has its key exchange as well. */
const identBytes = 255
/** So long is a client waited for that wants to hear ours first. */
const patienceMs = 20

/**
 * Has our side of the key exchange go out once the client's has come, and not before: so it carries the
 * acknowledgement that the client's next, small packet waits for (Nagle). Otherwise the host delays that,
 * having nothing to say, and many a connection begins 40 ms late.
 *
 * To be called before anybody reads: what is said in answer to the client's first line is what is kept.
 */
export function answerTogether(socket: Socket): void {
  let late: NodeJS.Timeout | undefined
  const go = (): void => {
    clearTimeout(late)
    socket.off('data', look)
    socket.uncork()
  }
  const look = (): void => {
    if (late !== undefined || socket.bytesRead > identBytes) return go()
    socket.cork()
    late = setTimeout(go, patienceMs)
  }
  socket.on('data', look).once('close', () => clearTimeout(late))
}
