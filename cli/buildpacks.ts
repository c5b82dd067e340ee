import { type BuildpackInstallation, listBuildpacks, setBuildpacks } from '#contract/buildpack.ts'
import type { Cli } from './cli.ts'
import { wholeNumber } from './command.ts'
import { usage } from './failure.ts'

/** The buildpacks of an app as they were given, in order. */
export async function readBuildpacks(app: string, cli: Cli): Promise<string[]> {
  const found = await cli.call(listBuildpacks, { params: { app } })
  return found.toSorted((a, b) => a.ordinal - b.ordinal).map(({ buildpack }) => buildpack.url)
}

/** Chooses all buildpacks of an app, and says what the next push is built with. */
export async function chooseBuildpacks(
  app: string,
  buildpacks: readonly string[],
  cli: Cli,
): Promise<void> {
  const updates = buildpacks.map((buildpack) => ({ buildpack }))
  const chosen = await cli.call(setBuildpacks, { params: { app }, body: { updates } })
  cli.screen.answer(chosen, () => [])
  cli.screen.say(
    chosen.length === 0
      ? `The buildpack of "${app}" is found by its files from the next push on.`
      : `The next push of "${app}" is built with:`,
  )
  for (const line of chosen.map(numbered)) cli.screen.say(line)
}

/** `1. nodejs` */
export function numbered({ ordinal, buildpack }: BuildpackInstallation): string {
  return `${ordinal + 1}. ${buildpack.url}`
}

/** A place in the list as people count, from 1; undefined when none was given. */
export function placeIn(
  list: readonly string[],
  index: string | undefined,
  most: number,
  command: string,
): number | undefined {
  if (index === undefined) return undefined
  const place = wholeNumber(index, 1, most)
  if (place !== undefined) return place - 1
  const there = list.length === 1 ? 'is 1 buildpack' : `are ${list.length} buildpacks`
  throw usage(`There ${there}: --index takes 1 to ${most}.`, command)
}
