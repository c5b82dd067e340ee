import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { readBeginning } from '#lib/beginning.ts'
import { parsePreamble } from '#lib/proxy-protocol.ts'

export interface DoorOptions {
  readonly host: string
  readonly port: number
  /** Connections at once, over all and from one address. */
  readonly connections: number
  readonly connectionsPerSource: number
  /** Each begins with who it comes from, as a load balancer in front tells it. */
  readonly proxyProtocol: boolean
}

/** Where connections come in. */
export interface Door {
  readonly port: number
  /** Takes no more. */
  stop(): void
  /** Ends all. */
  close(): void
  /** Whoever is behind a connection, named by its other end, has proved it. */
  readonly trust: (end: End) => void
}

/** The other end of a connection, as its socket has it. */
export interface End {
  readonly ip: string
  readonly port: number
}

interface Guest {
  readonly source: string
  readonly since: number
  isTrusted: boolean
}

/** Silence in both directions after which a connection is closed; builds speak every 20 s. */
const idleMs = 10 * 60_000
const keepAliveMs = 30_000
const preambleMs = 5_000
/** So long a connection that proves nothing keeps its place when others want it. */
const patienceMs = 2_000

/** Opens the door. Rejects with EADDRINUSE when the port is taken. */
export async function openDoor(
  options: DoorOptions,
  onGuest: (socket: Socket) => void,
): Promise<Door> {
  const guests = new Map<Socket, Guest>()
  const enter = (socket: Socket, source: string): void => {
    if (!makeRoom(guests, source, options)) return void socket.destroy()
    guests.set(socket, { source, since: performance.now(), isTrusted: false })
    socket.once('close', () => guests.delete(socket))
    tune(socket)
    onGuest(socket)
  }
  const waiting = new Set<Socket>()
  const listener = createServer((socket) => {
    socket.on('error', () => undefined)
    if (!options.proxyProtocol) return enter(socket, socket.remoteAddress ?? '')
    if (waiting.size >= options.connections) return void socket.destroy()
    waiting.add(socket)
    socket.once('close', () => waiting.delete(socket))
    return introduce(socket, (source) => {
      waiting.delete(socket)
      enter(socket, source)
    })
  })
  listener.listen(options.port, options.host)
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    stop: () => void listener.close(),
    close: () => {
      if (listener.listening) listener.close()
      for (const socket of [...waiting, ...guests.keys()]) socket.destroy()
    },
    trust: ({ ip, port }) => {
      const isMeant = ([{ remoteAddress, remotePort }]: [Socket, Guest]): boolean =>
        remoteAddress === ip && remotePort === port
      for (const [, guest] of [...guests].filter(isMeant)) guest.isTrusted = true
    },
  }
}

/** Whether there is room for one more; silent strangers have to make it. */
function makeRoom(
  guests: ReadonlyMap<Socket, Guest>,
  source: string,
  { connections, connectionsPerSource }: DoorOptions,
): boolean {
  const same = [...guests].filter(([, guest]) => guest.source === source)
  if (same.length >= connectionsPerSource && !evict(same)) return false
  return guests.size < connections || evict([...guests])
}

/** Closes the stranger that has been here longest, if it has been for a while. */
function evict(guests: readonly (readonly [Socket, Guest])[]): boolean {
  const stale = guests.find(
    ([socket, { isTrusted, since }]) =>
      !isTrusted && !socket.destroyed && performance.now() - since > patienceMs,
  )
  stale?.[0].destroy()
  return stale !== undefined
}

function introduce(socket: Socket, go: (source: string) => void): void {
  const late = setTimeout(() => socket.destroy(), preambleMs)
  socket.once('close', () => clearTimeout(late))
  let source = socket.remoteAddress ?? ''
  readBeginning(
    socket,
    (bytes) => {
      const preamble = parsePreamble(bytes)
      if (typeof preamble === 'string') return preamble
      source = preamble.source?.remoteAddress ?? source
      return preamble.size
    },
    () => {
      clearTimeout(late)
      go(source)
    },
  )
}

/** Without `setNoDelay` every round trip of a push waits for a delayed acknowledgement: 154 ms, not 19. */
function tune(socket: Socket): void {
  socket.setNoDelay(true)
  socket.setKeepAlive(true, keepAliveMs)
  socket.setTimeout(idleMs, () => socket.destroy())
}
