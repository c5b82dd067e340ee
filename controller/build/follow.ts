import type { News } from '#controller/deploy/news.ts'
import { buildById } from '#controller/store/builds.ts'
import type { Store } from '#controller/store/tables.ts'
import { outputPath, readOutput } from './output.ts'

export interface FollowDeps {
  readonly db: Store
  readonly outputs: string
  /** Told the id of a build when it printed something or ended. */
  readonly news: News
}

/** How long to trust the news before looking anyway. */
const lookMs = 5_000

/** What a build printed, from its beginning; while it runs, what it goes on to print. */
export async function* followBuild(
  { db, outputs, news }: FollowDeps,
  buildId: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let at = 0
  while (!signal.aborted) {
    const fresh = news.next(buildId, lookMs, signal)
    // Asked before reading: what was printed before the end is then read for sure.
    const isPending = (await buildById(db, buildId))?.status === 'pending'
    for await (const chunk of readOutput(outputPath(outputs, buildId), at)) {
      at += chunk.length
      yield chunk
    }
    if (!isPending) return
    await fresh
  }
}
