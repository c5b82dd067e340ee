import type { Screen } from './screen.ts'

const silentMs = 300
const frames = ['|', '/', '-', '\\']
const frameMs = 120

/** Shows on a terminal that something goes on, once it takes longer than a blink. */
export async function withProgress<T>(
  { messages, isQuiet }: Pick<Screen, 'messages' | 'isQuiet'>,
  text: string,
  task: () => Promise<T>,
): Promise<T> {
  if (!messages.isTTY || isQuiet) return task()
  const stop = spin(messages, text)
  try {
    return await task()
  } finally {
    stop()
  }
}

function spin(messages: NodeJS.WriteStream, text: string): () => void {
  let turns = 0
  const draw = (): void => {
    messages.write(`\r${frames[turns % frames.length]} ${text} \u001B[K`)
    turns += 1
    timer = setTimeout(draw, frameMs)
  }
  let timer = setTimeout(draw, silentMs)
  return () => {
    clearTimeout(timer)
    if (turns > 0) messages.write('\r\u001B[K')
  }
}
