import { median, row as line } from '#scripts/bench/figures.ts'
import type { Figures } from './measure.ts'
import type { Peer, Row } from './rows.ts'

const peers: readonly Peer[] = ['nginx', 'haproxy', 'caddy', 'http-proxy']

export interface Result {
  readonly row: Row
  readonly figures: ReadonlyMap<string, Figures>
}

/** The lines of a table: medians per CPU-second, then ours over each peer that has a bar. */
export function reportRows(results: readonly Result[], ours: readonly string[]): string[] {
  const head = ['work', 'bar', ...ours, ...peers, 'ratio', 'met']
  return [line(head), line(head.map(() => '---')), ...results.map((each) => report(each, ours))]
}

function report({ row, figures }: Result, ours: readonly string[]): string {
  const medians = [...ours, ...peers].map((name) => figureOf(figures.get(name)))
  const ratios = row.bars.map(({ peer }) => ratio(figures, ours[0] ?? '', peer))
  const isMet = row.bars.every(({ times }, i) => (ratios[i] ?? 0) >= times)
  return line([
    row.name,
    row.bars.map(({ peer, times }) => `≥ ${times}× ${peer}`).join(', '),
    ...medians,
    ratios.map((each) => (Number.isNaN(each) ? '—' : each.toFixed(2))).join(', '),
    ratios.some((each) => Number.isNaN(each)) ? '—' : isMet ? 'yes' : 'no',
  ])
}

/** With what failed, should anything have. */
function figureOf(figures: Figures | undefined): string {
  if (figures === undefined) return '—'
  const middle = median(figures.perCpuSecond)
  const text = middle < 1000 ? middle.toPrecision(3) : middle.toFixed(0)
  return figures.failed === 0 ? text : `${text} (${figures.failed} failed)`
}

/** The median of the rounds' ratios, each of one moment; NaN when one of the two was not measured. */
function ratio(figures: ReadonlyMap<string, Figures>, ours: string, peer: Peer): number {
  const theirs = figures.get(peer)?.perCpuSecond ?? []
  const mine = figures.get(ours)?.perCpuSecond ?? []
  return median(mine.map((figure, round) => figure / (theirs[round] ?? NaN)))
}
