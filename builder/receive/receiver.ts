import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerChannel } from 'ssh2'
import { failure } from '#contract/error.ts'
import { checkOut, type Checkout } from '#contract/push.ts'
import { ask } from '#builder/ask.ts'
import { passwordsOf } from '#builder/build/redact.ts'
import { Refused } from '#builder/refused.ts'
import type { User } from './authentication.ts'
import { readReport, type HookReport } from './hook.ts'
import { OutputKeeper } from './keep.ts'
import { PushLife } from './life.ts'
import { PushLocks, type Turn } from './lock.ts'
import { deployOtherwise, type Other } from './other.ts'
import { judgePush } from './push.ts'
import { refuse, type Push, type PushTools } from './pushed.ts'
import { openRepository, pointHead } from './repository.ts'
import { Cancelled, sentenceOf } from './sentence.ts'
import { watchStall } from './stall.ts'
import { receivePack, uploadPack, type GitService } from './service.ts'
import type { Request } from './session.ts'
import { Transcript } from './transcript.ts'

export interface ReceiverOptions extends PushTools {
  readonly heartbeatMs: number
}

/** Time for cancelled builds to end, and again for what follows a deployment. */
const stopMs = 5000

const findMs = 15_000
/** A deploy without a push has no git that waits for it. */
const noGit = { detach: () => undefined, stop: () => undefined }

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

  /** Cancels a build and waits until it has ended. */
  async cancel(build: string, by: string): Promise<'cancelled' | 'too-late' | 'unknown'> {
    const found = [...this.#running].find(([life]) => life.build === build)
    if (found === undefined) return 'unknown'
    const [life, ended] = found
    const reason = new Cancelled(`the build was cancelled by ${by}`, 'Nothing was deployed.')
    if (!life.cancel(reason)) return 'too-late'
    await Promise.race([ended, sleep(stopMs)])
    return 'cancelled'
  }

  /** Deploys what did not come by a push. Answers when its build is recorded; it goes on by itself. */
  async deploy(app: string, user: User, what: Other): Promise<string> {
    const { controller, tools } = this.#options
    const within = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(findMs)])
    const asked = { params: { app }, query: { user: user.id } }
    const checkout = await ask(controller, checkOut, asked, within)
    const repository = await openRepository(tools.places.repos, checkout.app.id, within)
    const { id, name } = checkout.app
    const turn = this.#locks.take(id, name, user.email, this.#locks.look(id, name))
    const life = new PushLife(noGit, new AbortController().signal)
    const started = Promise.withResolvers<string>()
    const push = this.#silentPush(life, { user, checkout, repository }, started.resolve)
    const going = this.#deployInTurn(push, what, turn, started.reject).finally(() =>
      this.#running.delete(life),
    )
    this.#running.set(life, going)
    return started.promise
  }

  async #deployInTurn(
    push: Push,
    what: Other,
    turn: Turn,
    refused: (reason: Error) => void,
  ): Promise<void> {
    const { controller, tools } = this.#options
    try {
      await deployOtherwise(push, what, { controller, tools })
    } catch (error) {
      const { error: reason, hint } = sentenceOf(error, tools.log)
      refuse(push.transcript, { error: reason, hint })
      refused(failure('DEPLOY_REFUSED', { reason, hint }, { cause: error }))
    } finally {
      push.transcript.close()
      turn.end(false)
      await push.keeper.flush()
    }
  }

  /** Nobody listens but whoever reads the build's output. */
  #silentPush(
    life: PushLife,
    who: Pick<Push, 'user' | 'checkout' | 'repository'>,
    onStarted: (build: string) => void,
  ): Push {
    const { controller, heartbeatMs, tools } = this.#options
    const keeper = new OutputKeeper(controller, this.#stopped.signal)
    const transcript = new Transcript({
      show: () => undefined,
      keep: (bytes) => keeper.push(bytes),
      heartbeatMs,
      outputBytes: tools.config.outputBytes,
      secrets: passwordsOf(tools.config.env),
    })
    const start = (build: string): void => {
      life.begin(build)
      onStarted(build)
    }
    return {
      ...who,
      report: { updates: [], quarantine: {} },
      transcript,
      keeper,
      cancelled: life.cancelled,
      onStarted: start,
      onBuilt: () => life.commit(),
      stopped: this.#stopped.signal,
    }
  }

  /** Runs work on what an app's builds use while none runs. Throws BUILD_RUNNING when one does. */
  async betweenPushes<T>(
    app: { readonly id: string; readonly name: string },
    email: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const turn = this.#locks.take(app.id, app.name, email, this.#locks.look(app.id, app.name))
    try {
      return await work()
    } finally {
      turn.end(false)
    }
  }

  async #push(request: Request, checkout: Checkout, repository: string): Promise<number> {
    const { channel, protocol, user, gone } = request
    const { app } = checkout
    const seen = this.#locks.look(app.id, app.name)
    const { packBytes, stallMs } = this.#options.tools.limits
    const git = receivePack(channel, { repository, protocol, packBytes })
    const onStall = (): void => {
      complain(channel, stalled(stallMs), this.#options)
      git.stop()
    }
    const onReceived = watchStall(channel, stallMs, onStall)
    const life = new PushLife(git, gone)
    const judging = this.#judge(git, life, { user, checkout, repository, seen }, onReceived)
    this.#running.set(life, judging)
    try {
      const [code] = await Promise.all([git.exit, judging])
      return code
    } finally {
      onReceived()
      this.#running.delete(life)
    }
  }

  /** Waits for the hook, decides, and lets it end. */
  async #judge(git: GitService, life: PushLife, who: Who, onReceived: () => void): Promise<void> {
    const { controller, heartbeatMs, tools } = this.#options
    const { hook, words } = git
    if (hook === null || words === null) return
    const report = await readReport(hook).catch((error: unknown) => {
      const { error: message, hint } = sentenceOf(error, tools.log)
      words.end(`error: ${message}\nhint: ${hint}\n`)
      hook.end('refused\n')
      return null
    })
    onReceived()
    if (report === null) return
    const keeper = new OutputKeeper(controller, this.#stopped.signal)
    const transcript = new Transcript({
      show: (bytes) => void words.write(bytes),
      keep: (bytes) => keeper.push(bytes),
      heartbeatMs,
      outputBytes: tools.config.outputBytes,
      secrets: passwordsOf(tools.config.env),
    })
    const push: Push = {
      ...who,
      report,
      transcript,
      keeper,
      cancelled: life.cancelled,
      onStarted: (build) => life.begin(build),
      onBuilt: () => life.commit(),
      stopped: this.#stopped.signal,
    }
    await this.#inTurn(push, who.seen, (isAccepted) => this.#end(git, push, isAccepted))
  }

  /** Decides while no other push to the app is decided, until its refs have moved. */
  async #inTurn(
    push: Push,
    seen: number,
    end: (isAccepted: boolean) => Promise<void>,
  ): Promise<void> {
    const { controller, tools } = this.#options
    const turn = this.#turnOf(push, seen)
    if (turn === null) return end(false)
    let isAccepted = false
    try {
      isAccepted = await judgePush(push, { controller, tools })
      await end(isAccepted)
    } finally {
      turn.end(isAccepted)
    }
  }

  /** Null, and the pusher was told why, when it cannot be had. */
  #turnOf({ checkout, user, transcript }: Push, seen: number): Turn | null {
    const { app } = checkout
    try {
      return this.#locks.take(app.id, app.name, user.email, seen)
    } catch (error) {
      refuse(transcript, sentenceOf(error, this.#options.tools.log))
      return null
    }
  }

  /** Tells git, and waits until it and all that was said are through. */
  async #end(git: GitService, push: Push, isAccepted: boolean): Promise<void> {
    const { transcript, keeper, report, repository } = push
    const { hook, words } = git
    transcript.close()
    words?.end()
    hook?.end(isAccepted ? 'accepted\n' : 'refused\n')
    await Promise.all([git.exit, keeper.flush()])
    if (isAccepted) await pointHeadIfNeeded(repository, report)
  }
}

interface Who extends Pick<Push, 'user' | 'checkout' | 'repository'> {
  /** What was known of the app's refs when the push began. */
  readonly seen: number
}

function stalled(stallMs: number): Refused {
  const message = `nothing came for ${Math.round(stallMs / 1000)} s, so the push was ended`
  return new Refused('receive', message, 'Look at your connection, then push again.')
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
