import type { RouteSettings, WhyAnswer, WhyCertificate } from '#contract/route.ts'
import { strippedTarget } from '#router/rules/strip.ts'
import type { Routes } from '#router/table/routes.ts'
import type { Rule } from '#router/table/rule.ts'
import { insteadOf } from './instead.ts'
import { instancesOf } from './instances.ts'
import { imagine } from './question.ts'
import type { Question } from './question.ts'

export interface ExplainDeps {
  readonly routes: Routes
  readonly certificate?: (serverName: string) => WhyCertificate | undefined
}

/** How a request would be answered now. Asks nobody, changes nothing. Throws INVALID_PARAMS. */
export function explain(question: Question, { routes, certificate }: ExplainDeps): WhyAnswer {
  const imagined = imagine(question)
  const { host, target } = imagined
  const rule = routes.find(host, target)
  const instead = insteadOf(rule, imagined)
  const served = certificate?.(host)
  return {
    table: routes.number,
    host,
    target,
    sent: rule?.strip === true ? strippedTarget(rule, target) : target,
    in_flight: rule?.site.inFlight ?? 0,
    instances: rule === undefined ? [] : instancesOf(rule.site, performance.now()),
    ...(rule === undefined ? {} : siteOf(rule)),
    ...(instead === undefined ? {} : { instead }),
    ...(served === undefined ? {} : { certificate: served }),
  }
}

function siteOf(rule: Rule): Pick<WhyAnswer, 'rule' | 'app' | 'environment' | 'settings'> {
  const { app, environment, settings } = rule.site
  return { rule: rule.toRoute(), app, environment, settings: withoutSecrets(settings) }
}

function withoutSecrets(settings: RouteSettings): RouteSettings {
  const { auth } = settings
  if (auth === undefined) return settings
  return { ...settings, auth: auth.map(({ user }) => ({ user, hash: '' })) }
}
