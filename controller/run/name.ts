import { randomBytes, randomInt } from 'node:crypto'
import { copyName, cronType, oneOffType } from '#controller/deploy/copy.ts'
import type { Copy } from '#controller/deploy/copy.ts'

/**
 * Type that stands in the names of one-offs somebody is attached to, so that one whose terminal is
 * gone can be told from one that runs by itself. Their `type` is `run` all the same.
 */
const attachedType = 'tty'
const attachedPattern = new RegExp(`-${attachedType}-\\d{4}$`)

/** A fresh one-off: `run.4821`; its name is unique over all time. */
export function newOneOff(
  from: { readonly instance: string; readonly app: string; readonly isAttached: boolean },
  of: { readonly deploymentId: string; readonly release: number; readonly command: string },
): Copy {
  const index = randomInt(1000, 10_000)
  const type = from.isAttached ? attachedType : oneOffType
  const name = copyName(from.instance, from.app, newNonce(), type, index)
  return { name, type: oneOffType, index, ...of }
}

/** A fresh name for a run of the entry of that number; unique over all time. */
export function newCronName(instance: string, app: string, number: number): string {
  return copyName(instance, app, newNonce(), cronType, number)
}

function newNonce(): string {
  return randomBytes(4).toString('hex')
}

/** Somebody was attached to it from its beginning. */
export function isAttached(name: string): boolean {
  return attachedPattern.test(name)
}
