import { setTimeout as sleep } from 'node:timers/promises'
import { failure, SlipwayError } from '#contract/error.ts'
import { followDeployment } from '#contract/release.ts'
import type { Deployment, JournalLine } from '#contract/release.ts'
import type { Cli } from './cli.ts'

/** The server ends a deployment by its own deadline, well before this. */
const limitSeconds = 30 * 60
const askSeconds = 20
/** How often a server that does not answer (it restarts) is asked again, once a second. */
const patience = 30

/** An app, and the release that is deployed. */
export interface Target {
  readonly app: string
  readonly version: number
}

/**
 * Shows how the deployment of a release goes until it is live.
 *
 * Throws RELEASE_FAILED with the reason, or TOO_SLOW. A release without a deployment (no code
 * yet) is no failure.
 */
export async function showDeployment(target: Target, cli: Cli): Promise<void> {
  const startedMs = Date.now()
  let after = 0
  let hint: string | undefined
  while (Date.now() - startedMs < limitSeconds * 1000) {
    const news = await ask(target, after, cli)
    if (news === undefined) return cli.screen.say('It is deployed with the first push.')
    for (const line of news.journal) {
      show(line, cli)
      if (line.kind === 'hint') hint = line.text
      after = Math.max(after, line.seq)
    }
    if (news.live || news.done) return conclude(target, news, { hint, startedMs, cli })
  }
  const command = `app releases -a ${target.app}`
  throw failure('TOO_SLOW', { what: 'The deployment', seconds: limitSeconds, command })
}

async function ask(
  { app, version }: Target,
  after: number,
  cli: Cli,
): Promise<Deployment | undefined> {
  const askedMs = Date.now()
  const asked = {
    params: { app, release: String(version) },
    query: { after, wait: askSeconds },
    seconds: askSeconds * 2,
  }
  try {
    const news = await patiently(cli, () => cli.call(followDeployment, asked))
    const isIdle = news.journal.length === 0 && !news.live && !news.done
    // A server that does not wait must not be asked in a tight loop.
    if (isIdle && Date.now() - askedMs < 200) await sleep(200, undefined, { signal: cli.signal })
    return news
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'NOTHING_DEPLOYED') return undefined
    throw error
  }
}

/** A deployment outlives a restart of the controller, and so does looking at it. */
async function patiently<T>(cli: Cli, step: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await step()
    } catch (error) {
      const isAway = error instanceof SlipwayError && error.status === 503
      if (!isAway || tries >= patience) throw error
      if (tries === 1) cli.screen.say('       The server does not answer; waiting for it.')
      await sleep(1000, undefined, { signal: cli.signal })
    }
  }
}

function show({ kind, text }: JournalLine, { screen }: Cli): void {
  if (kind === 'step') screen.say(`-----> ${text}`)
  if (kind === 'text') screen.say(`       ${text}`)
}

interface End {
  readonly hint: string | undefined
  readonly startedMs: number
  readonly cli: Cli
}

function conclude({ app, version }: Target, news: Deployment, { hint, startedMs, cli }: End): void {
  const { screen } = cli
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
  if (news.live || news.state === 'succeeded') {
    screen.say(`${screen.paint('green', 'success:')} v${version} is live (${seconds} s).`)
    return
  }
  if (news.state === 'superseded') {
    screen.say(`A newer release of "${app}" took over from v${version}.`)
    return
  }
  const reason = news.failure ?? `The deployment of v${version} was ${news.state}.`
  const error = failure('RELEASE_FAILED', { reason, app })
  throw new SlipwayError('RELEASE_FAILED', { message: error.message, hint: hint ?? error.hint })
}

/** What to say when Ctrl-C ends the looking on: the deployment itself goes on. */
export async function whileDeploying(
  { app }: Pick<Target, 'app'>,
  cli: Cli,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (!cli.signal.aborted) throw error
    throw failure('INTERRUPTED', { next: `The deployment goes on: \`app releases -a ${app}\`.` })
  }
}
