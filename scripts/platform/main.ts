import { SlipwayError } from '#contract/error.ts'
import { SettingError } from '#lib/settings.ts'
import { clean } from './clean.ts'
import { run } from './run.ts'
import { readPlatform } from './settings.ts'
import { stop } from './stop.ts'
import { StartError } from './supervise.ts'

const verbs = { run, stop, clean }

try {
  const verb = process.argv[2] ?? ''
  if (!Object.hasOwn(verbs, verb)) throw new SettingError('Use: make run, make stop or make clean.')
  await verbs[verb as keyof typeof verbs](readPlatform(process.env))
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
