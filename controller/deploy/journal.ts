import { describeCheck } from '#contract/health-check.ts'
import type { JournalLine } from '#contract/release.ts'
import { describeCopies, dynoName, webType } from './copy.ts'
import type { Copy, Target } from './copy.ts'
import type { Sentence } from './failure.ts'

type Line = Pick<JournalLine, 'kind' | 'text'>

/** What the pusher reads when a deployment enters a state. */
export function linesOf(
  target: Target,
  state: Target['state'],
  healthyAfterMs: (name: string) => number | undefined,
): Line[] {
  if (state === 'releasing') return [text(`release: ${target.task?.command ?? ''}`)]
  if (state === 'starting') {
    return [...taskEnd(target), { kind: 'step', text: deploying(target) }, ...checking(target)]
  }
  if (state !== 'routing') return []
  if (target.adopts === true) {
    return target.state === 'pending' ? [{ kind: 'step', text: keeping(target) }] : []
  }
  return target.copies.map((copy) => text(healthy(copy, healthyAfterMs(copy.name))))
}

/** What the pusher reads of a failure: what the copy wrote last, then why and what to do. */
export function failureLines(output: readonly string[], { error, hint }: Sentence): Line[] {
  return [...output.map(text), { kind: 'error', text: error }, { kind: 'hint', text: hint }]
}

function taskEnd({ state }: Target): Line[] {
  return state === 'releasing' ? [text('release: ok')] : []
}

/** So that nobody wonders what is waited for. */
function checking({ copies, adopts }: Target): Line[] {
  const checks = adopts === true ? [] : (copies[0]?.checks ?? [])
  return checks.map((check) => text(`health check: ${describeCheck(check)}`))
}

function deploying({ copies, adopts }: Target): string {
  if (adopts === true) return keeping({ copies })
  return copies.length === 0
    ? 'Deploying nothing (scaled to 0)'
    : `Deploying ${describeCopies(copies)}`
}

/** Whoever wants them started anew says so: `app restart`. */
function keeping({ copies }: Pick<Target, 'copies'>): string {
  return `Keeping ${describeCopies(copies)} as it runs: same code, config and process types`
}

function healthy(copy: Copy, afterMs: number | undefined): string {
  if (copy.type !== webType) return `${dynoName(copy)} running`
  const took = afterMs === undefined ? '' : ` (${(afterMs / 1000).toFixed(1)}s)`
  return `${dynoName(copy)} healthy${took}`
}

function text(line: string): Line {
  return { kind: 'text', text: line }
}
