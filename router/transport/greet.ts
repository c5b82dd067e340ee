import type { Socket } from 'node:net'
import { readBeginning } from '#lib/beginning.ts'
import { parsePreamble } from '#lib/proxy-protocol.ts'
import { plainAddress, sourceOf } from './source.ts'
import type { Source } from './transport.ts'

/** Reads who a connection comes from (PROXY protocol) before anything else of it. */
export function greet(
  socket: Socket,
  deadlineMs: number,
  go: (socket: Socket, source: Source) => void,
): void {
  const timer = setTimeout(() => socket.destroy(), deadlineMs).unref()
  socket.once('close', () => clearTimeout(timer))
  let source = sourceOf(socket)
  readBeginning(
    socket,
    (bytes) => {
      const preamble = parsePreamble(bytes)
      if (typeof preamble === 'string') return preamble
      const { source: told } = preamble
      if (told !== null) source = { ...told, remoteAddress: plainAddress(told.remoteAddress) }
      return preamble.size
    },
    () => {
      clearTimeout(timer)
      go(socket, source)
    },
  )
}
