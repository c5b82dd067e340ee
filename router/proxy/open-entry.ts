import { dateAt, now } from '#router/clock.ts'
import type { Instance } from '#router/table/instance.ts'
import type { Rule } from '#router/table/rule.ts'
import type { Site } from '#router/table/site.ts'
import type { Asker } from './asker.ts'
import type { Entry, HCode } from './entry.ts'
import { siteLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import type { Origin } from './origin.ts'
import type { Request } from './request.ts'

/** The entry of a request under way: what becomes known of it is put down, until it is closed. */
export class OpenEntry implements Entry {
  readonly asker: Asker
  readonly request: Request
  site: Site | null = null
  instance: Instance | null = null
  /** The site's, once it is known. */
  limits: Limits
  status = 0
  code: HCode | null = null
  bytes = 0
  connectMs = 0
  heldMs = 0
  serviceMs = 0
  readonly startedAt = now()
  endedAt = 0
  #origin: Origin | null = null

  constructor(asker: Asker, request: Request, limits: Limits) {
    this.asker = asker
    this.request = request
    this.limits = limits
  }

  get method(): string {
    return this.request.method
  }

  get host(): string {
    return this.request.host
  }

  get target(): string {
    return this.request.target
  }

  get requestId(): string {
    return this.#origin?.requestId ?? ''
  }

  get clientAddress(): string {
    return this.#origin?.address ?? ''
  }

  get scheme(): 'http' | 'https' {
    return this.#origin?.isSecure === true ? 'https' : 'http'
  }

  get protocol(): Entry['protocol'] {
    if (this.asker.isHttp2) return 'h2'
    return this.request.minor === 1 ? 'http/1.1' : 'http/1.0'
  }

  /** Fields that the site adds to its answers, each with its CR LF. */
  get addedFields(): string {
    return this.#origin?.isSecure === true ? (this.site?.secureFields ?? '') : ''
  }

  get isOver(): boolean {
    return this.endedAt > 0
  }

  /** Who asks, and which rule leads on. */
  meet(rule: Rule | undefined, origin: Origin): void {
    this.#origin = origin
    if (rule === undefined) return
    this.site = rule.site
    this.limits = siteLimits(rule.site, this.limits)
  }

  /** `code`: why it ended badly, if nothing was said before. */
  protected closeEntry(code: HCode | null): void {
    const end = now()
    this.code ??= code
    this.serviceMs = end - this.startedAt
    this.endedAt = dateAt(end)
  }
}
