/** Runs a task once all earlier ones of the same key have ended, well or badly. */
export type TakeTurn = <T>(key: string, task: () => Promise<T>) => Promise<T>

/** Tasks of one key run one after another, those of different keys side by side. */
export function openTurns(): TakeTurn {
  const last = new Map<string, Promise<unknown>>()

  return (key, task) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(task)
    const ended = mine.then(
      () => undefined,
      () => undefined,
    )
    last.set(key, ended)
    void ended.then(() => {
      if (last.get(key) === ended) last.delete(key)
    })
    return mine
  }
}
