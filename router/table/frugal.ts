import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Runs what makes very many objects that stay. V8 takes them for a reason to keep up to 48 MiB for
 * young objects, as long as the process lives; here its room for them does not grow.
 */
export async function frugally<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString('--semi-space-growth-factor=1')
  try {
    return await work()
  } finally {
    setFlagsFromString('--semi-space-growth-factor=2')
  }
}

/** Gives back to the system what starting has left behind, 10 MiB of it; takes some milliseconds. */
export function tidyUp(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
