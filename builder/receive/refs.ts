import type { RefUpdate } from './hook.ts'

/**
 * What a push asks for.
 *
 * - `deploy`: a branch that deploys moves to `commit`; other refs may move with it
 * - `store`: nothing deploys; `notes` tell the pusher how it could
 * - `refuse`: no ref may move
 */
export type RefPlan =
  | { readonly kind: 'deploy'; readonly branch: string; readonly commit: string }
  | { readonly kind: 'store'; readonly notes: readonly string[] }
  | { readonly kind: 'refuse'; readonly error: string; readonly hint: string }

const heads = 'refs/heads/'
const tags = 'refs/tags/'

/** Decides about a push from its refs alone; `deploying` are the branches that deploy. */
export function planRefs(updates: readonly RefUpdate[], deploying: readonly string[]): RefPlan {
  const foreign = updates.find(({ ref }) => !ref.startsWith(heads) && !ref.startsWith(tags))
  if (foreign !== undefined)
    return refuse(`${foreign.ref} is neither a branch nor a tag`, onlyThose)

  const branches = updates.filter(({ ref }) => ref.startsWith(heads))
  const moved = branches.filter(({ ref }) => deploying.includes(nameOf(ref)))
  const deleted = moved.find(isDeletion)
  if (deleted !== undefined) return refuse(`${nameOf(deleted.ref)} deploys and stays`, noDeletion)
  if (moved.length > 1) return refuse('one push can deploy one branch only', oneBranch(moved))

  const [first] = moved
  if (first !== undefined) return { kind: 'deploy', branch: nameOf(first.ref), commit: first.to }
  return { kind: 'store', notes: notesOn(branches, deploying[0] ?? 'main') }
}

const onlyThose = 'Push branches (refs/heads/…) and tags (refs/tags/…).'
const noDeletion = 'To take an app down: app ps:scale web=0, or app destroy.'

function oneBranch(moved: readonly RefUpdate[]): string {
  return `Push one of them: git push deis ${nameOf(moved[0]?.ref ?? '')}`
}

function notesOn(branches: readonly RefUpdate[], target: string): string[] {
  return branches
    .filter((update) => !isDeletion(update))
    .map(({ ref }) => nameOf(ref))
    .map(
      (name) => `${name} is stored and not deployed. To deploy it: git push deis ${name}:${target}`,
    )
}

function refuse(error: string, hint: string): RefPlan {
  return { kind: 'refuse', error, hint }
}

function isDeletion({ to }: RefUpdate): boolean {
  return /^0+$/.test(to)
}

function nameOf(ref: string): string {
  return ref.slice(heads.length)
}
