import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Whether somebody listens there. */
export async function canConnect(address: string, port: number): Promise<boolean> {
  const socket = connect(port, address)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(2000) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits up to half a minute for something to become true. */
export async function waitUntil(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const patience = AbortSignal.timeout(30_000)
  while (!(await isTrue())) await pause(20, undefined, { signal: patience })
}
