import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '#lib/log.ts'
import type { Call } from '#router/admin/calls.ts'
import { openAdmin } from '#router/admin/server.ts'
import type { Admin } from '#router/admin/server.ts'

/** A socket in the file system for calls of our other processes; one that was left behind goes away. */
export async function openOwnSocket(
  path: string,
  { token, calls, log }: { token: string; calls: readonly Call[]; log: Log },
): Promise<Admin> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await rm(path, { force: true })
  const admin = await openAdmin({ where: { path }, token, calls, log })
  return {
    ...admin,
    close: async () => {
      await admin.close()
      await rm(path, { force: true })
    },
  }
}
