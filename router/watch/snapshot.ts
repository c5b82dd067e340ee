/**
 * Metrics as plain values, so that those of several processes can be added up and sent as JSON.
 * `series` is what follows the family's name: suffix and labels, as they are rendered.
 */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** How those of two processes become one. */
  readonly merge: 'sum' | 'max'
  readonly samples: readonly Sample[]
}

export type Sample = readonly [series: string, value: number]

export type Snapshot = readonly Family[]

/** The media type of what `render` makes. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** Both together. A family only one of them has stays as it is. */
export function merge(a: Snapshot, b: Snapshot): Snapshot {
  const others = new Map(b.map((family) => [family.name, family]))
  const known = new Set(a.map(({ name }) => name))
  const both = a.map((family) => mergeFamily(family, others.get(family.name)))
  return [...both, ...b.filter(({ name }) => !known.has(name))]
}

function mergeFamily(a: Family, b: Family | undefined): Family {
  if (b === undefined) return a
  const values = new Map(a.samples)
  for (const [series, value] of b.samples) {
    const present = values.get(series)
    const joined = a.merge === 'sum' ? (present ?? 0) + value : Math.max(present ?? value, value)
    values.set(series, joined)
  }
  return { ...a, samples: [...values] }
}

/** The text of Prometheus, format 0.0.4. */
export function render(snapshot: Snapshot): string {
  return snapshot.map(renderFamily).join('')
}

function renderFamily({ name, help, type, samples }: Family): string {
  if (samples.length === 0) return ''
  const lines = samples.map(([series, value]) => `${name}${series} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

/** `{app="shop",environment="production"}`; nothing without labels. */
export function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${escape(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
