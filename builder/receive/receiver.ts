import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerChannel } from 'ssh2'
import { checkOut, type Checkout } from '#contract/push.ts'
import { ask } from '#builder/ask.ts'
import { readReport, type HookReport } from './hook.ts'
import { OutputKeeper } from './keep.ts'
import { PushLife } from './life.ts'
import { PushLocks } from './lock.ts'
import { judgePush } from './push.ts'
import type { Push, PushTools } from './pushed.ts'
import { openRepository, pointHead } from './repository.ts'
import { Cancelled, sentenceOf } from './sentence.ts'
import { receivePack, uploadPack, type GitService } from './service.ts'
import type { Request } from './session.ts'
import { Transcript } from './transcript.ts'

export interface ReceiverOptions extends PushTools {
  readonly heartbeatMs: number
}

/** Time for cancelled builds to end, and again for what follows a deployment. */
const stopMs = 5000

/** Serves pushes and reads of authenticated users, and knows those under way. */
export class Receiver {
  readonly #options: ReceiverOptions
  readonly #locks = new PushLocks()
  readonly #running = new Map<PushLife, Promise<void>>()
  /** Aborts when this program ends. */
  readonly #stopped = new AbortController()

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  /** Serves one request; the exit code for its channel. Never rejects. */
  async serve(request: Request): Promise<number> {
    try {
      const { controller, tools } = this.#options
      const { command, user, gone } = request
      const asked = { params: { app: command.app }, query: { user: user.id } }
      const checkout = await ask(controller, checkOut, asked, gone)
      const repository = await openRepository(tools.places.repos, checkout.app.id, gone)
      const { channel, protocol } = request
      const options = { repository, protocol, packBytes: tools.limits.packBytes }
      if (command.kind === 'push') return await this.#push(request, checkout, repository)
      return await serveRead(uploadPack(channel, options), gone)
    } catch (error) {
      if (!request.gone.aborted) complain(request.channel, error, this.#options)
      return 1
    }
  }

  /** Cancels builds with a sentence and stops following deployments; waits until all have ended. */
  async stop(): Promise<void> {
    const reason = new Cancelled('Slipway is being restarted', 'Push again in a few seconds.')
    const lives = [...this.#running]
    const cancelled = lives.filter(([life]) => life.cancel(reason)).map(([, ended]) => ended)
    await Promise.race([Promise.all(cancelled), sleep(stopMs)])
    const again = 'What was released goes on: see app releases.'
    this.#stopped.abort(new Cancelled('Slipway is being restarted', again))
    await Promise.race([Promise.all(lives.map(([, ended]) => ended)), sleep(stopMs)])
  }

  async #push(request: Request, checkout: Checkout, repository: string): Promise<number> {
    const { channel, protocol, user, gone } = request
    const { app } = checkout
    const unlock = this.#locks.take(app.id, app.name, user.email)
    const { packBytes } = this.#options.tools.limits
    const git = receivePack(channel, { repository, protocol, packBytes })
    const life = new PushLife(git, gone)
    const judging = this.#judge(git, life, { user, checkout, repository })
    this.#running.set(life, judging)
    try {
      const [code] = await Promise.all([git.exit, judging])
      return code
    } finally {
      this.#running.delete(life)
      unlock()
    }
  }

  /** Waits for the hook, decides, and lets it end. */
  async #judge(
    git: GitService,
    life: PushLife,
    who: Pick<Push, 'user' | 'checkout' | 'repository'>,
  ): Promise<void> {
    const { controller, tools, heartbeatMs } = this.#options
    const { hook, words } = git
    if (hook === null || words === null) return
    const report = await readReport(hook).catch(() => null)
    if (report === null) return
    const keeper = new OutputKeeper(controller, this.#stopped.signal)
    const transcript = new Transcript({
      show: (bytes) => void words.write(bytes),
      keep: (bytes) => keeper.push(bytes),
      heartbeatMs,
    })
    const isAccepted = await judgePush(
      {
        ...who,
        report,
        transcript,
        keeper,
        cancelled: life.cancelled,
        onBuilt: () => life.commit(),
        stopped: this.#stopped.signal,
      },
      { controller, tools },
    )
    transcript.close()
    words.end()
    hook.end(isAccepted ? 'accepted\n' : 'refused\n')
    await Promise.all([git.exit, keeper.flush()])
    if (isAccepted) await pointHeadIfNeeded(who.repository, report)
  }
}

async function serveRead(git: GitService, gone: AbortSignal): Promise<number> {
  gone.addEventListener('abort', () => git.stop(), { once: true })
  return git.exit
}

function complain(channel: ServerChannel, error: unknown, { tools }: ReceiverOptions): void {
  const sentence = sentenceOf(error, tools.log)
  channel.stderr.write(`error: ${sentence.error}\r\nhint: ${sentence.hint}\r\n`)
}

/** A clone follows HEAD, which says `main`; an app that is pushed from `master` only needs it there. */
async function pointHeadIfNeeded(repository: string, { updates }: HookReport): Promise<void> {
  const branches = updates.map(({ ref }) => ref)
  if (branches.includes('refs/heads/main') || !branches.includes('refs/heads/master')) return
  await pointHead(repository, 'master', AbortSignal.timeout(10_000)).catch(() => undefined)
}
