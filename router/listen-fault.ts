import { SettingError } from '#lib/settings.ts'
import type { Where } from './transport/transport.ts'

const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'does not belong to this host',
}

/** Turns a port that cannot be had into a sentence that names the setting to change. */
export async function orSay<T>(opening: Promise<T>, where: Where, setting: string): Promise<T> {
  try {
    return await opening
  } catch (error) {
    throw listenFault(error, where, setting) ?? error
  }
}

/** The sentence for an error of listening; undefined for one that is a bug. */
export function listenFault(
  error: unknown,
  where: Where,
  setting: string,
): SettingError | undefined {
  const reason = listenFaults[(error as NodeJS.ErrnoException).code ?? '']
  if (reason === undefined) return undefined
  if ('fd' in where) return new SettingError(`The socket handed over for ${setting} ${reason}.`)
  const { host, port } = where
  return new SettingError(`Port ${port} on ${host} ${reason}; set ${setting} to another port.`)
}
