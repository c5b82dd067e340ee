import { Resolver } from 'node:dns/promises'
import type { LookUp } from './check.ts'

/** DNS itself is asked, not the host's own file of names: what counts is what others see. */
export function openLookUp(): LookUp {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  return async (host) => {
    const found = await Promise.all([none(resolver.resolve4(host)), none(resolver.resolve6(host))])
    return found.flat()
  }
}

/** A name that is not there, or has no address of this kind, has none. */
async function none(asked: Promise<string[]>): Promise<string[]> {
  try {
    return await asked
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    throw error
  }
}
