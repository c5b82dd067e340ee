import { text } from 'node:stream/consumers'
import type { Container } from './container.ts'
import type { Site } from './site.ts'

const killed = 137

/**
 * Whether a container that ended has run out of memory. The engine notes it when it hears of that
 * before it hears of the end; these are told to it side by side, so its events are asked as well.
 */
export async function ranOutOfMemory(
  { engine }: Site,
  { Id, State }: Container,
  signal: AbortSignal,
): Promise<boolean> {
  if (State.OOMKilled || State.ExitCode !== killed) return State.OOMKilled
  const since = Date.parse(State.StartedAt) / 1000
  const filters = JSON.stringify({ container: [Id], event: ['oom'] })
  const query = { since, until: Date.now() / 1000, filters }
  const request = { method: 'GET', path: '/events', query, doing: 'read its events' } as const
  return (await text(await engine.stream(request, signal))).length > 0
}
