import type { RouteSettings, RouteSite } from '#contract/route.ts'
import type { Limits } from '#router/proxy/limits.ts'
import { WaitingRoom } from '#router/proxy/waiting.ts'
import { choose } from './balance.ts'
import type { Instance } from './instance.ts'

/** One value for the very many sites that have none. */
export const noSettings: RouteSettings = Object.freeze({})

/** An environment of an app: it stays the same from table to table, whatever changes about it. */
export class Site {
  /** `app/environment` */
  readonly key: string
  /** Requests under way to its instances, those that left the table included. */
  inFlight = 0
  /** Rules that lead here. */
  ruleCount = 0
  /** Its settings over the limits that hold for all, once they were asked for. */
  limits: Limits | null = null
  /** Most sites have one. */
  #instances: Instance | readonly Instance[] = []
  #settings = noSettings
  #turn = 0
  // Most sites never have one.
  #waiting: WaitingRoom | null = null

  constructor({ app, environment }: Pick<RouteSite, 'app' | 'environment'>) {
    // Joined, it is one text; added up, it would be three for as long as it lives.
    this.key = [app, environment].join('/')
  }

  get app(): string {
    return this.key.slice(0, this.key.indexOf('/'))
  }

  get environment(): string {
    return this.key.slice(this.key.indexOf('/') + 1)
  }

  get instances(): readonly Instance[] {
    const some = this.#instances
    return isMany(some) ? some : [some]
  }

  get settings(): RouteSettings {
    return this.#settings
  }

  /** Requests that wait for an instance, or for a slot of one. */
  get waiting(): WaitingRoom {
    this.#waiting ??= new WaitingRoom()
    return this.#waiting
  }

  get waitingCount(): number {
    return this.#waiting?.size ?? 0
  }

  /** Fields that every answer over TLS has, each with its CR LF. */
  get secureFields(): string {
    const { hsts } = this.#settings
    return hsts === undefined ? '' : `Strict-Transport-Security: ${hsts}\r\n`
  }

  /** No setting needs a request to be judged. */
  get isPlain(): boolean {
    if (this.#settings === noSettings) return true
    const { maintenance, allow, auth, https } = this.#settings
    return maintenance !== true && allow === undefined && auth === undefined && https !== true
  }

  /**
   * The instance that the next request goes to, other than those that were tried for it.
   *
   * Undefined when none is left, or none may be given more.
   */
  pick(tried: readonly Instance[]): Instance | undefined {
    const { app_cap = Infinity, instance_cap: cap = Infinity } = this.#settings
    if (this.inFlight >= app_cap) return undefined
    const some = this.#instances
    if (!isMany(some)) return some.inFlight < cap && !tried.includes(some) ? some : undefined
    this.#turn = (this.#turn + 1) % Math.max(some.length, 1)
    return choose(some, { tried, cap, turn: this.#turn })
  }

  /** As `pick`, without taking a turn. */
  peek(): Instance | undefined {
    const turn = this.#turn
    const picked = this.pick([])
    this.#turn = turn
    return picked
  }

  put(instances: readonly Instance[], settings: RouteSettings): void {
    const [only] = instances
    this.#instances = instances.length === 1 && only !== undefined ? only : instances
    this.#settings = settings
    this.limits = null
    this.#waiting?.call()
  }

  /** As it came. */
  toRoute(): RouteSite {
    const { app, environment } = this
    const instances = this.instances.map(({ id, release, host, port }) => ({
      id,
      release,
      host,
      port,
    }))
    const route = { app, environment, instances }
    return this.#settings === noSettings ? route : { ...route, settings: this.#settings }
  }
}

function isMany(some: Instance | readonly Instance[]): some is readonly Instance[] {
  return Array.isArray(some)
}
