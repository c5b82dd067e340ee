import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reportClaims } from './claims.ts'
import type { Claim, ClaimGroup } from './claims.ts'
import { compare } from './compare.ts'
import { hosts } from './hosts.ts'
import { note } from './measure.ts'
import type { Context } from './measure.ts'
import { memory } from './memory.ts'
import { rows } from './rows.ts'
import { openSetting } from './setting.ts'
import { workers } from './workers.ts'

/** The router beside others, per CPU-second of the proxy; see README.md. */
const groups: readonly ClaimGroup[] = [...memory, hosts, workers]
const only = new RegExp(process.env['ONLY'] ?? '', 'i')
const isAsked = ({ name }: { name: string }): boolean => only.test(name)

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

const folder = mkdtempSync(join(tmpdir(), 'slipway-router-'))
try {
  const setting = await openSetting(folder)
  try {
    await measureAll({
      setting,
      rounds: Number(process.env['ROUNDS'] ?? 5),
      seconds: Number(process.env['SECONDS'] ?? 3),
      signal: stop.signal,
    })
  } finally {
    await setting.close()
  }
} catch (error) {
  if (!stop.signal.aborted) throw error
  process.exitCode = 130
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measureAll(context: Context): Promise<void> {
  const asked = rows.filter(isAsked)
  if (asked.length > 0) print(await compare(asked, context))
  const claims: Claim[] = []
  for (const group of groups.filter(isAsked)) claims.push(...(await claimsOf(group, context)))
  if (claims.length > 0) print(reportClaims(claims))
}

/** One that breaks off does not take the others' figures along. */
async function claimsOf(group: ClaimGroup, context: Context): Promise<readonly Claim[]> {
  try {
    return await group.measure(context)
  } catch (error) {
    context.signal.throwIfAborted()
    note(`${group.name}: ${String(error)}`)
    return [{ work: group.name, bar: '', figure: 'broke off', isMet: false }]
  }
}

function print(table: readonly string[]): void {
  console.log(`${table.join('\n')}\n`)
}
