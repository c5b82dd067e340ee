import { randomBytes, randomInt } from 'node:crypto'
import { failure } from '#contract/error.ts'
import { isAppName } from '#contract/grammar.ts'

/** First labels of host names that people take for the platform's own. */
const reserved: ReadonlySet<string> = new Set([
  'admin',
  'api',
  'app',
  'apps',
  'autoconfig',
  'autodiscover',
  'builder',
  'controller',
  'dashboard',
  'git',
  'localhost',
  'login',
  'mail',
  'router',
  'slipway',
  'ssh',
  'status',
  'wpad',
  'www',
])

/** Throws APP_NAME_INVALID for what cannot be an app's name, or APP_NAME_TAKEN for ours. */
export function refuseName(name: string): void {
  if (!isAppName(name)) throw failure('APP_NAME_INVALID', { name })
  if (reserved.has(name)) throw failure('APP_NAME_TAKEN', { name })
}

const adjectives =
  'brave bright calm clear early eager fair fresh gentle keen light quiet swift warm'
const nouns = 'anchor bay breeze cove current dock gull harbor island keel lagoon pier sail tide'

/** A name such as `calm-harbor-3f9c1a`. */
export function makeUpName(): string {
  return [pick(adjectives), pick(nouns), randomBytes(3).toString('hex')].join('-')
}

function pick(words: string): string {
  const list = words.split(' ')
  return list[randomInt(list.length)] ?? 'app'
}
