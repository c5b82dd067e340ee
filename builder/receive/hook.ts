import type { Readable } from 'node:stream'
import { objectIdPattern } from '#contract/grammar.ts'
import { Refused } from '#builder/refused.ts'

/** One ref a push wants to move; `from` or `to` is all zeros when it is made or deleted. */
export interface RefUpdate {
  readonly ref: string
  readonly from: string
  readonly to: string
}

/** What `hooks/pre-receive` tells: the refs, and where the objects are. */
export interface HookReport {
  readonly quarantine: Readonly<Record<string, string>>
  readonly updates: readonly RefUpdate[]
}

/** Far more than the refs a push may move. */
const limitBytes = 4 * 1024 ** 2
const end = '\n.\n'

/**
 * Reads the hook's report; null when git ended without calling it. Throws Refused when it is endless, and
 * when it is malformed.
 */
export async function readReport(socket: Readable): Promise<HookReport | null> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.endsWith(end)) return parseReport(text.slice(0, -end.length))
    if (text.length > limitBytes) throw tooManyRefs()
  }
  return null
}

function parseReport(text: string): HookReport {
  const quarantine: Record<string, string> = {}
  const updates: RefUpdate[] = []
  for (const line of text.split('\n')) {
    const variable = /^(GIT_[A-Z_]+)=(.*)$/.exec(line)
    if (variable?.[1] !== undefined) quarantine[variable[1]] = variable[2] ?? ''
    else updates.push(parseUpdate(line))
  }
  if (updates.length > mostRefs) throw tooManyRefs()
  return { quarantine, updates }
}

/** Refs a push may move at once; each is a file, or a line that every clone reads. */
const mostRefs = 2000

function tooManyRefs(): Refused {
  return new Refused('receive', `a push can move ${mostRefs} refs at most`, 'Push fewer at once.')
}

const objectId = new RegExp(objectIdPattern)

function parseUpdate(line: string): RefUpdate {
  const [from = '', to = '', ...ref] = line.split(' ')
  if (!objectId.test(from) || !objectId.test(to)) throw new RangeError('not a line of a hook')
  return { from, to, ref: ref.join(' ') }
}
