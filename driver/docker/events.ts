import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { containerFilter } from './labels.ts'
import { listCopies } from './observe.ts'
import type { Site } from './site.ts'

interface Event {
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
}

const firstPauseMs = 100
const longestPauseMs = 5_000

/**
 * Calls back whenever a copy starts, ends or goes. After every (re)connection it calls back for all
 * environments that have copies, since something may have happened before we listened.
 */
export async function watchCopies(
  site: Site,
  onChange: (environmentId: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    try {
      await follow(site, onChange, () => (pauseMs = firstPauseMs), signal)
    } catch (error) {
      if (signal.aborted) return
      site.settings.log.warn('engine.events_lost', { reason: String(error), pauseMs })
    }
    await pause(pauseMs, undefined, { signal }).catch(() => undefined)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

async function follow(
  site: Site,
  onChange: (environmentId: string) => void,
  onConnected: () => void,
  signal: AbortSignal,
): Promise<void> {
  const label = containerFilter(site.settings.instance, 'copy')
  // One that waited becomes a copy by a new name.
  const filters = { type: ['container'], event: ['start', 'rename', 'die', 'destroy'], label }
  const query = { filters: JSON.stringify(filters) }
  const request = { method: 'GET', path: '/events', query, doing: 'follow its events' } as const
  const events = await site.engine.stream(request, signal)
  try {
    onConnected()
    await catchUp(site, onChange, signal)
    for await (const line of createInterface({ input: events })) {
      tell(site, JSON.parse(line) as Event, onChange, signal)
    }
  } finally {
    events.destroy()
  }
}

/** An engine that restarts writes its own firewall rules anew; ours are looked after as well. */
async function catchUp(
  site: Site,
  onChange: (environmentId: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await site.firewall.renew(signal)
  const copies = await listCopies(site, {}, signal)
  for (const id of new Set(copies.map(({ owner }) => owner.environmentId))) onChange(id)
}

function tell(
  site: Site,
  { Action, Actor }: Event,
  onChange: (environmentId: string) => void,
  signal: AbortSignal,
): void {
  const environmentId = Actor.Attributes['slipway.environment-id']
  if (environmentId === undefined) return
  if (Action !== 'die') return onChange(environmentId)
  void untilListedAsEnded(site, Actor.ID, signal).finally(() => onChange(environmentId))
}

// The engine (20.10, monitor.go) tells that a container died while it holds its lock and before its
// lists say so. An inspection waits for that lock.
async function untilListedAsEnded(site: Site, id: string, signal: AbortSignal): Promise<void> {
  const path = `/containers/${id}/json`
  await site.engine.ask({ method: 'GET', path, doing: 'look at it' }, signal).catch(() => undefined)
}
