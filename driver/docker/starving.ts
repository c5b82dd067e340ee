/** Processor time since some moment, ms: of all processors of the host, of it unused, and of builds. */
export interface Usage {
  readonly totalMs: number
  readonly unusedMs: number
  readonly buildsMs: number
}

/** Less than this part of the host is as good as nothing. */
const little = 0.05

/** Whether between two looks the host was full and builds got next to nothing of it. */
export function starves(before: Usage, now: Usage): boolean {
  const total = now.totalMs - before.totalMs
  const unused = now.unusedMs - before.unusedMs
  const builds = now.buildsMs - before.buildsMs
  return unused < total * little && builds < total * little
}
