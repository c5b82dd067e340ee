import type { Log } from '#lib/log.ts'
import { dnsName, dnsValue, tlsAnswer } from './acme/challenge.ts'
import type { ChallengeType } from './acme/challenge.ts'
import type { Challenge, Solver } from './acme/issue.ts'
import type { Challenges } from './challenges.ts'
import { runHook } from './dns-hook.ts'

interface SolverDeps {
  readonly challenges: Challenges
  readonly dnsHook: string | null
  readonly log: Log
}

type End = () => Promise<void>

/** Answers challenges: the router does it, or the operator's program. */
export function openSolver(deps: SolverDeps, types: readonly ChallengeType[]): Solver {
  return {
    types,
    solve: async ({ type, name, token, authorization }: Challenge, signal): Promise<End> => {
      const { challenges } = deps
      switch (type) {
        case 'http-01':
          return challenges.http({ host: name, token, answer: authorization }, signal)
        case 'tls-alpn-01':
          return challenges.tls({ host: name, ...(await tlsAnswer(name, authorization)) }, signal)
        case 'dns-01':
          return record(deps, { name: dnsName(name), value: dnsValue(authorization) }, signal)
      }
    },
  }
}

/**
 * Which challenges may be answered for a name. After a failure the next one gets its turn: a port
 * may be closed, or a zone out of reach.
 */
export function typesFor(
  name: string,
  types: readonly ChallengeType[],
  failures: number,
): ChallengeType[] {
  const able = name.startsWith('*.') ? types.filter((type) => type === 'dns-01') : types
  const first = able.length === 0 ? 0 : failures % able.length
  return [...able.slice(first), ...able.slice(0, first)]
}

const cleanUpMs = 60_000

async function record(
  { dnsHook, log }: SolverDeps,
  txt: { readonly name: string; readonly value: string },
  signal: AbortSignal,
): Promise<End> {
  if (dnsHook === null) throw new TypeError('dns-01 was chosen without a program')
  const cleanUp = (): Promise<void> => {
    const late = AbortSignal.timeout(cleanUpMs)
    // A record too many does no harm; it has been logged.
    return runHook(dnsHook, 'cleanup', txt, { log, signal: late }).catch(() => undefined)
  }
  try {
    await runHook(dnsHook, 'present', txt, { log, signal })
  } catch (error) {
    await cleanUp()
    throw error
  }
  return cleanUp
}
