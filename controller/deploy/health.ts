import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** One try may take this long before it counts as `timeout`. */
const tryMs = 1000
const firstPauseMs = 5
const growth = 1.2
const longestPauseMs = 250

/**
 * Connects from outside, as the router will; nothing is needed inside the image.
 *
 * Null when somebody accepted, else what happened: `connection refused`, `timeout`, or a code.
 */
function knock(host: string, port: number, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    const end = (answer: string | null): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(tryMs, () => end('timeout'))
    socket.once('connect', () => end(null))
    socket.once('error', (error) => end(describe(error)))
  })
}

/**
 * Knocks until somebody answers: at once, after 5 ms, then after a fifth longer each time, up to 250 ms.
 * So an app is found when it has listened for a tenth of its start, and a slow one is not hammered.
 */
export async function untilAnswers(
  address: { readonly host: string; readonly port: number },
  onRefusal: (reason: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * growth, longestPauseMs)) {
    const refusal = await knock(address.host, address.port, signal)
    signal.throwIfAborted()
    if (refusal === null) return
    onRefusal(refusal)
    await sleep(pauseMs, undefined, { signal })
  }
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
}

function describe(error: NodeJS.ErrnoException): string {
  return words[error.code ?? ''] ?? error.code ?? error.message
}
