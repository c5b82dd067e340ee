import type { Role } from '#contract/endpoint.ts'
import type { Actor } from './actor.ts'

/** `hidden`: whether there is such an app is not told either. */
export type Verdict = 'pass' | 'log-in' | 'forbidden' | 'hidden'

type Rule = (actor: Actor, worksOnApp: boolean) => Verdict

const rules: Readonly<Record<Role, Rule>> = {
  anyone: () => 'pass',
  user: userWho(() => 'pass'),
  app: userWho((_, worksOnApp) => (worksOnApp ? 'pass' : 'hidden')),
  admin: userWho((actor) => (actor.kind === 'user' && actor.user.admin ? 'pass' : 'forbidden')),
  builder: program,
  router: program,
  // Nothing here is for the controller: it is the one that calls.
  controller: () => 'forbidden',
}

/**
 * The one place that decides who may call what; denies what no rule allows.
 *
 * @param worksOnApp whether the actor may work on the app the path names
 */
export function decide(allow: Role, actor: Actor, worksOnApp: boolean): Verdict {
  return Object.hasOwn(rules, allow) ? rules[allow](actor, worksOnApp) : 'forbidden'
}

function userWho(rule: Rule): Rule {
  return (actor, worksOnApp) => {
    if (actor.kind === 'nobody') return 'log-in'
    return actor.kind === 'user' ? rule(actor, worksOnApp) : 'forbidden'
  }
}

function program(actor: Actor): Verdict {
  if (actor.kind === 'nobody') return 'log-in'
  return actor.kind === 'program' ? 'pass' : 'forbidden'
}
