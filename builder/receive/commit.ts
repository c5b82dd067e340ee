import { git, type Objects } from '#builder/git.ts'
import { ProgramError } from '#builder/process.ts'
import { Refused } from '#builder/refused.ts'

export interface Commit {
  readonly id: string
  readonly tree: string
  /** First line of its message, cut to 200 characters. */
  readonly subject: string
}

/** Reads a pushed commit. Throws Refused when the object is none. */
export async function readCommit(
  objects: Objects,
  id: string,
  signal: AbortSignal,
): Promise<Commit> {
  const text = await readObject(objects, id, signal)
  const tree = /^tree ([0-9a-f]+)$/m.exec(text)?.[1]
  if (tree === undefined) throw noCommit()
  const message = text.slice(text.indexOf('\n\n') + 2)
  // oxlint-disable-next-line no-control-regex
  const subject = (message.split('\n')[0] ?? '').replace(/[\u0000-\u001f\u007f]/g, '')
  return { id, tree, subject: Array.from(subject).slice(0, 200).join('') }
}

async function readObject(objects: Objects, id: string, signal: AbortSignal): Promise<string> {
  try {
    return (await git(objects, ['cat-file', 'commit', id], {}, signal)).toString()
  } catch (error) {
    throw error instanceof ProgramError ? noCommit() : error
  }
}

function noCommit(): Refused {
  return new Refused('check', 'what was pushed is no commit', 'Push a branch: git push deis main')
}
