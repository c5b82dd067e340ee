import type { Collected } from '#contract/builder.ts'
import type { Cli } from './cli.ts'
import { table } from './table.ts'
import { size as sizeText } from './time.ts'

/** Shows what a collection removed, or would remove. */
export function showCollected(collected: Collected, cli: Cli): void {
  const { freed, size, free, dry_run: isDry } = collected
  const rows = freed.map(({ kind, count, size: bytes }) => [kind, String(count), sizeText(bytes)])
  cli.screen.answer(collected, () => (rows.length === 0 ? [] : table(head, rows)))
  if (rows.length === 0) {
    cli.screen.say(`Nothing can go; ${sizeText(free)} are free.`)
    return
  }
  const done = isDry ? `Would free ${sizeText(size)}` : `Freed ${sizeText(size)}`
  cli.screen.say(`${done}; ${sizeText(free)} are free${isDry ? ' now' : ''}.`)
}

const head = ['WHAT', 'COUNT', 'SIZE']
