import type { Readable } from 'node:stream'

/**
 * Calls back when nothing comes from the other side for `stallMs`, until it is told to stop. A client may
 * be silent for a while, since it compresses what it sends, but not for ever.
 */
export function watchStall(from: Readable, stallMs: number, onStall: () => void): () => void {
  const timer = setTimeout(() => {
    stop()
    onStall()
  }, stallMs)
  const live = (): void => void timer.refresh()
  const stop = (): void => {
    clearTimeout(timer)
    from.off('data', live)
  }
  from.on('data', live)
  from.once('close', stop)
  return stop
}
