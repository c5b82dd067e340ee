import { createHash } from 'node:crypto'
import { finishBuild, startBuild } from '#contract/push.ts'
import type { CronEntry } from '#contract/cron.ts'
import type { HealthCheck } from '#contract/health-check.ts'
import type { ProcessTypes, Release } from '#contract/release.ts'
import type { Caller, Platform } from './platform.ts'

export interface Pushed {
  readonly app: string
  readonly by: Caller
  readonly text: string
  readonly types?: ProcessTypes
  readonly checks?: HealthCheck[]
  readonly cron?: CronEntry[]
}

/** Does what the builder does along a push that builds well: one build from its start to its end. */
export async function push({ builder }: Platform, pushed: Pushed): Promise<Release> {
  const id = await begin(builder, pushed)
  const { release } = await builder(finishBuild, { params: { build: id }, body: good(pushed) })
  if (release === null) throw new TypeError('a good build makes a release')
  return release
}

export async function begin(builder: Caller, { app, by, text }: Pushed): Promise<string> {
  const commit = createHash('sha1').update(text).digest('hex')
  const body = { app, user: by.id, commit, branch: 'main', description: text }
  return (await builder(startBuild, { body })).id
}

export function good({
  text,
  types = { web: 'node server.js' },
  checks,
  cron,
}: Pick<Pushed, 'text' | 'types' | 'checks' | 'cron'>) {
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  return {
    status: 'succeeded' as const,
    slug: {
      digest,
      artifact: { kind: 'tree' as const, layers: [`/slugs/${digest}`] },
      process_types: types,
      buildpack: 'Node.js',
      stack: 'slipway-12',
      size: 1234,
      ...(checks === undefined ? {} : { health_checks: checks }),
      ...(cron === undefined ? {} : { cron }),
    },
  }
}
