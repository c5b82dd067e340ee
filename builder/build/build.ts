import { join } from 'node:path'
import { configBytes, configLimitBytes } from '#contract/grammar.ts'
import type { BuiltSlug } from '#contract/push.ts'
import { onceType } from '#contract/release.ts'
import { Refused } from '#builder/refused.ts'
import { sizeText } from '#builder/units.ts'
import { findArtifact, inputsOf, keepArtifact } from './artifacts.ts'
import { checkOutFiles, workplace } from './checkout.ts'
import { resolveChoice, type ChosenPack } from './choice.ts'
import { bomOf } from './bom.ts'
import { requireFreeDisk, watchDisk } from './disk.ts'
import { checkOutOverGround } from './ground.ts'
import { refusePointers } from './lfs.ts'
import { planBuild, type BuildPlan } from './plan.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import { announceStack } from './stack.ts'
import { withSubmodules } from './submodules.ts'
import { listTree } from './tree-list.ts'
import { inTurn } from './turn.ts'
import type { Voice } from './voice.ts'
import { buildWithDockerfile } from './with-dockerfile.ts'
import { buildWithPacks } from './with-packs.ts'

/**
 * Makes the slug of a commit, or finds the one that was made from the same before.
 *
 * Throws Refused when it cannot be built, EngineError when the engine fails, and the signal's reason
 * when it is cancelled.
 */
export async function build(
  pushed: BuildRequest,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  announceStack(pushed, voice)
  const { root } = workplace(tools.places.builds, pushed.id)
  const plan = await planBuild(pushed, join(root, 'plan'), voice, signal)
  const chosen = await chosenPacks(plan, tools, voice, signal)
  const inputs = await inputsOf(plan, chosen, tools, signal)
  const known = await findArtifact(tools, inputs.key, signal)
  if (known !== null) {
    voice.step(`Nothing changed since it was built last: using the same ${known.buildpack} slug`)
    return withWishes({ ...known, inputs }, plan)
  }
  const slug = await inTurn(plan.request, tools, voice, signal, (limited) =>
    buildAnew(plan, chosen, tools, voice, limited),
  )
  await keepArtifact(tools.places.artifacts, inputs.key, slug)
  return withWishes({ ...slug, inputs }, plan)
}

/** Null: they are detected, or there is a Dockerfile. */
async function chosenPacks(
  { request, how }: BuildPlan,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<ChosenPack[] | null> {
  if (how.kind === 'dockerfile' || how.choice === null) return null
  return resolveChoice(request, tools, how.choice, voice, signal)
}

/** What the app gets along with the release. It is not kept with the slug: some of it is secret. */
function withWishes(
  built: BuiltSlug,
  { request, config, formation, healthChecks, cron }: BuildPlan,
): BuiltSlug {
  const slug = {
    ...built,
    ...(healthChecks.length === 0 ? {} : { health_checks: [...healthChecks] }),
    ...(cron.length === 0 ? {} : { cron: [...cron] }),
  }
  const wished = { ...slug.first?.config, ...config }
  const size = configBytes({ ...wished, ...request.checkout.config })
  if (size > configLimitBytes) throw tooMuchConfig(size)
  const isNothing = Object.keys({ ...wished, ...formation }).length === 0
  return isNothing ? slug : { ...slug, first: { config: wished, formation: { ...formation } } }
}

function tooMuchConfig(size: number): Refused {
  const message = `with what its files set, the config of the app has ${sizeText(size)}`
  const hint = `At most ${sizeText(configLimitBytes)} are allowed: keep large values in a file of the app.`
  return new Refused('manifest', message, hint)
}

async function buildAnew(
  plan: BuildPlan,
  chosen: readonly ChosenPack[] | null,
  tools: BuildTools,
  voice: Voice,
  signal: AbortSignal,
): Promise<BuiltSlug> {
  const { how, postdeploy } = plan
  const { builds } = tools.places
  const { freeBytes } = tools.limits
  await requireFreeDisk(builds, freeBytes)
  const slug = await watchDisk(builds, freeBytes / 4, signal, async (watched) => {
    const listing = await listTree(plan.request.objects, plan.request.tree, watched)
    const { request, files } = await withSubmodules(plan, listing, tools, voice, watched)
    await refusePointers(request.objects, files, watched)
    const isPlain = how.kind === 'dockerfile' || chosen !== null
    const ground = isPlain ? null : await checkOutOverGround(request, tools, files, watched)
    if (ground === null) await checkOutFiles(request, workplace(builds, request.id).app, watched)
    const making = bomOf({ request, how }, tools, watched)
    const built =
      how.kind === 'dockerfile'
        ? await buildWithDockerfile(request, tools, how, voice, watched)
        : await buildWithPacks(request, tools, { chosen, how, ground }, voice, watched)
    const bom = await making
    return bom === undefined ? built : { ...built, bom }
  })
  if (postdeploy === null) return slug
  return { ...slug, process_types: { ...slug.process_types, [onceType]: postdeploy } }
}
