import type { RouteRedirect, RouteRule } from '#contract/route.ts'
import type { Site } from './site.ts'

const slash = 47
const questionMark = 63

interface Extra {
  readonly path: string
  readonly strip: boolean
  readonly redirect: RouteRedirect | null
}

/** Of nearly all rules. */
const noExtra: Extra = { path: '/', strip: false, redirect: null }

/** Which requests go to a site. */
export class Rule {
  /** `*.example.org` stands for one label more. */
  readonly host: string
  readonly site: Site
  readonly #extra: Extra
  /** Of the rules of this host, the one to ask after this: no longer path, or null. */
  next: Rule | null = null

  constructor({ host, path = '/', strip = false, redirect }: RouteRule, site: Site) {
    this.host = host
    this.site = site
    const isBare = path === '/' && !strip && redirect === undefined
    this.#extra = isBare ? noExtra : { path, strip, redirect: redirect ?? null }
  }

  /** `/`: every path. */
  get path(): string {
    return this.#extra.path
  }

  /** The path is taken off before the app sees it. */
  get strip(): boolean {
    return this.#extra.strip
  }

  get redirect(): RouteRedirect | null {
    return this.#extra.redirect
  }

  /** A request goes to an instance as it is, without being judged. */
  get isPlain(): boolean {
    const { strip, redirect } = this.#extra
    return !strip && redirect === null && this.site.isPlain
  }

  /** Whether a path, or a path with a query, is the rule's or below it. */
  covers(path: string): boolean {
    const own = this.path
    const { length } = own
    if (length === 1) return true
    if (!path.startsWith(own)) return false
    const border = path.charCodeAt(length)
    return path.length === length || border === slash || border === questionMark
  }

  /** As it came. */
  toRoute(): RouteRule {
    const { host, path, site, strip, redirect } = this
    return {
      host,
      site: site.key,
      ...(path === '/' ? {} : { path }),
      ...(strip ? { strip } : {}),
      ...(redirect === null ? {} : { redirect }),
    }
  }
}
