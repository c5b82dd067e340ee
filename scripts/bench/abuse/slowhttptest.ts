import { run, loadCore } from '#scripts/bench/router/program.ts'

export interface Verdict {
  readonly mode: string
  /** What it says of each second: `YES` when a new connection was answered. */
  readonly availability: readonly string[]
  /** Connections that were closed by us. */
  readonly closed: number
}

const connections = 600
const modes: Readonly<Record<string, readonly string[]>> = {
  '-H (slow heads)': ['-H', '-i', '5', '-t', 'GET'],
  '-B (slow bodies)': ['-B', '-i', '5', '-t', 'POST', '-s', '8192'],
  '-R (ranges)': ['-R', '-a', '10', '-b', '3000'],
  '-X (slow reading)': ['-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32', '-k', '3'],
}

/** Runs every mode of slowhttptest, each for so many seconds at most. */
export async function slowHttpTests(
  port: number,
  seconds: number,
  signal: AbortSignal,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const [mode, options] of Object.entries(modes)) {
    const url = `http://localhost:${port}/${mode.startsWith('-B') ? 'sink' : '1m'}`
    const load = ['-c', String(connections), '-r', '200', '-l', String(seconds), '-p', '3']
    const args = [...options, ...load, '-u', url]
    const text = await run({ core: loadCore, command: 'slowhttptest', args }, signal)
    verdicts.push(verdictOf(mode, text))
  }
  return verdicts
}

function verdictOf(mode: string, text: string): Verdict {
  // Its output is coloured.
  // oxlint-disable-next-line no-control-regex -- that is what colours are
  const plain = text.replaceAll(/\x1B\[[0-9;]*[A-Za-z]/g, '')
  const all = (pattern: RegExp): string[] => [...plain.matchAll(pattern)].map((m) => m[1] ?? '')
  const availability = all(/service available:\s+(\w+)/g)
  return { mode, availability, closed: Number(all(/closed:\s+(\d+)/g).at(-1) ?? 0) }
}
