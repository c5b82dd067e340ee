import type { Call } from '#router/admin/calls.ts'

/** What a process was told, by the path of the call; it is on no disk. */
export interface Known {
  readonly path: string
  readonly body: object
}

export function knownBy(calls: readonly Call[]): readonly Known[] {
  return calls.flatMap(({ endpoint: { path }, present, isKept }) =>
    isKept === true ? [] : (present?.() ?? []).map((body) => ({ path, body: body as object })),
  )
}

/** Has this process know it too. What a call refuses or does not know (any more) is left out. */
export async function learn(known: readonly Known[], calls: readonly Call[]): Promise<void> {
  const { signal } = new AbortController()
  for (const { path, body } of known) {
    const call = calls.find(({ endpoint, present }) => endpoint.path === path && present)
    await call?.answer(body, signal).catch(() => undefined)
  }
}
