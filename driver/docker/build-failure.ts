import type { Limits } from '#driver/driver.ts'
import type { Message } from './build-output.ts'
import type { BuildGroup } from './cgroup.ts'

/** Exit code of a step that got SIGKILL, which the kernel sends when memory runs out. */
const killed = 137

/** What the engine says of a failed build and, where it helps, a sentence more. */
export async function explain(
  { error = '', errorDetail }: Message,
  { memoryBytes, pids }: Limits,
  group: Pick<BuildGroup, 'wasFull'>,
): Promise<string> {
  const lines = [error]
  if (errorDetail?.code === killed) lines.push(killedText(memoryBytes))
  else if (await group.wasFull()) lines.push(`A build may have ${pids} processes and had them all.`)
  else if (error.includes('BuildKit')) lines.push('Images are built here without BuildKit.')
  return lines.map((line) => `${line}\n`).join('')
}

function killedText(memoryBytes: number): string {
  const size = `${Math.round(memoryBytes / 1e6)} MB`
  return `The step was killed: most likely it needed more than the ${size} of memory a build has.`
}
