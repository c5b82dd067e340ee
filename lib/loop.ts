/** A pass that is repeated: at start, after a kick, and on a timer; never twice at once. */
export interface Loop {
  /** Asks for a pass soon. Kicks while a pass runs make one more afterwards, not several. */
  kick(): void
  /** Ends after the pass that runs, which sees its signal aborted. */
  close(): Promise<void>
}

export interface LoopOptions {
  readonly everyMs: number
  /** A pass that throws is reported here; the loop goes on. */
  readonly onError: (error: unknown) => void
}

/** The pass looks at the world and is told nothing by whoever kicked it. */
export function startLoop(
  pass: (signal: AbortSignal) => Promise<void>,
  { everyMs, onError }: LoopOptions,
): Loop {
  const stop = new AbortController()
  let wake = Promise.withResolvers<void>()
  const kick = (): void => wake.resolve()

  const running = run()
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      wake = Promise.withResolvers<void>()
      const timer = setTimeout(kick, everyMs)
      try {
        await pass(stop.signal)
      } catch (error) {
        if (!stop.signal.aborted) onError(error)
      }
      if (!stop.signal.aborted) await wake.promise
      clearTimeout(timer)
    }
  }

  return {
    kick,
    close: async () => {
      stop.abort()
      kick()
      await running
    },
  }
}
