import { row as line } from '#scripts/bench/figures.ts'
import type { Context } from './measure.ts'

/** What we say of ourselves alone: a limit that is kept or not. */
export interface Claim {
  readonly work: string
  readonly bar: string
  readonly figure: string
  /** Null when it cannot be measured here. */
  readonly isMet: boolean | null
}

/** Claims that are measured with the same routers. */
export interface ClaimGroup {
  readonly name: string
  measure(context: Context): Promise<readonly Claim[]>
}

export function reportClaims(claims: readonly Claim[]): string[] {
  const head = ['work', 'bar', 'ours', 'met']
  const lines = claims.map(({ work, bar, figure, isMet }) =>
    line([work, bar, figure, isMet === null ? '—' : isMet ? 'yes' : 'no']),
  )
  return [line(head), line(head.map(() => '---')), ...lines]
}
