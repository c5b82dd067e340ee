import { SettingError, integer, text } from '#lib/settings.ts'
import type { Environment } from '#lib/settings.ts'

/** Listening sockets that were opened for us by who started us, by name. */
export type Sockets = ReadonlyMap<string, number>

/** What systemd counts descriptors from; 0 to 2 are standard input, output and error. */
const firstFd = 3

/**
 * Sockets in the manner of systemd's socket activation, see sd_listen_fds(3): `LISTEN_FDS` of them
 * from descriptor 3 on, named by `LISTEN_FDNAMES`.
 *
 * `LISTEN_PID` says whom they are for. Our supervisor cannot know the pid before there is a process, so
 * it leaves that variable out, and none in the environment means: for us. Throws SettingError.
 */
export function inheritedSockets(env: Environment, pid = process.pid): Sockets {
  const count = integer(env, 'LISTEN_FDS', 0)
  if (count === 0 || integer(env, 'LISTEN_PID', pid) !== pid) return new Map()
  const names = text(env, 'LISTEN_FDNAMES', 'http:https:admin').split(':').slice(0, count)
  const known = new Set(names)
  if (known.size === count) return new Map(names.map((name, index) => [name, firstFd + index]))
  throw new SettingError(
    `LISTEN_FDNAMES must have ${count} different names, not "${names.join(':')}".`,
  )
}

/** The variables for a process that is given these sockets from descriptor 3 on, in this order. */
export function handingOver(names: Iterable<string>): Environment {
  const all = [...names]
  const count = String(all.length)
  return { LISTEN_FDS: count, LISTEN_FDNAMES: all.join(':'), LISTEN_PID: undefined }
}
