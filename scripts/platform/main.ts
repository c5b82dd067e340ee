import { SlipwayError } from '#contract/error.ts'
import { SettingError } from '#lib/settings.ts'
import { clean } from './clean.ts'
import { StartError } from './process.ts'
import { run } from './run.ts'
import { readPlatform } from './settings.ts'
import { stop } from './stop.ts'
import { upgrade } from './upgrade.ts'

const verbs = { run, stop, clean, upgrade }

try {
  const verb = process.argv[2] ?? ''
  if (!Object.hasOwn(verbs, verb))
    throw new SettingError('Use: make run, make stop, make upgrade or make clean.')
  await verbs[verb as keyof typeof verbs](readPlatform(process.env), process.argv[3])
} catch (error) {
  console.error(sentence(error))
  process.exitCode = 1
}

/** What a person can act on is told in a sentence; anything else is a bug, and is shown whole. */
function sentence(error: unknown): string {
  if (error instanceof SlipwayError) return `error: ${error.message}\nhint: ${error.hint}`
  if (error instanceof SettingError) return `error: ${error.message}`
  if (error instanceof StartError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
