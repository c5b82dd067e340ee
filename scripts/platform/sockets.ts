import { setTimeout as sleep } from 'node:timers/promises'
import { holdSocket } from '#lib/held-socket.ts'
import type { HeldSocket } from '#lib/held-socket.ts'
import { addresses } from '#router/config.ts'
import { listenFault } from '#router/listen-fault.ts'
import type { Address } from '#router/transport/transport.ts'
import type { Platform } from './settings.ts'

const settings = {
  http: 'SLIPWAY_HTTP_PORT',
  https: 'SLIPWAY_HTTPS_PORT',
  admin: 'SLIPWAY_ROUTER_ADMIN_PORT',
} as const

/**
 * Opens the router's sockets, so that they outlive it: what connects while no router runs waits for the
 * next one. Throws SettingError for a port that cannot be had.
 */
export async function openRouterSockets({ env }: Platform): Promise<Map<string, HeldSocket>> {
  const sockets = new Map<string, HeldSocket>()
  const { http, https, admin } = addresses(env)
  try {
    sockets.set('http', await hold(http, settings.http))
    if (https !== null) sockets.set('https', await hold(https, settings.https))
    sockets.set('admin', await hold(admin, settings.admin))
    return sockets
  } catch (error) {
    closeAll(sockets)
    throw error
  }
}

export function closeAll(sockets: ReadonlyMap<string, HeldSocket>): void {
  for (const socket of sockets.values()) socket.close()
}

/** A router that was just ended may need a moment to let go of it. */
async function hold(address: Address, setting: string): Promise<HeldSocket> {
  for (let tries = 1; ; tries += 1) {
    try {
      return holdSocket(address)
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isTaken || tries === 20) throw listenFault(error, address, setting) ?? error
      await sleep(50)
    }
  }
}
