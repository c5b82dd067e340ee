import { exec, ExecError } from '#lib/exec.ts'
import { EngineError } from '#driver/driver.ts'
import { bridgePrefix, hash } from './names.ts'

/** Keeps our bridges away from the host's own listeners and from link-local metadata. */
export interface Firewall {
  /** Writes the rules unless that was done within the last half minute. Idempotent. */
  ensure(signal: AbortSignal): Promise<void>
  /** Writes them now: the engine restarted and may have flushed them. */
  renew(signal: AbortSignal): Promise<void>
}

export interface FirewallSettings {
  readonly instance: string
  readonly routerPort: number
}

const freshMs = 30_000

export function openFirewall(settings: FirewallSettings): Firewall {
  let writtenAt = Number.NEGATIVE_INFINITY
  const renew = async (signal: AbortSignal): Promise<void> => {
    await writeRules(settings, signal)
    writtenAt = performance.now()
  }
  return {
    renew,
    ensure: async (signal) => {
      if (performance.now() - writtenAt > freshMs) await renew(signal)
    },
  }
}

/** Names of the chains of an instance: what its bridges send to the host, and through it. */
export function chainsOf(instance: string): { input: string; forward: string } {
  const chain = `SLIPWAY-${hash(instance, 4)}`
  return { input: `${chain}-IN`, forward: `${chain}-FWD` }
}

/**
 * The chains as iptables-restore reads them; naming a chain empties it, and all of it takes effect
 * at once, so there is no moment without rules.
 */
export function chainRules({ instance, routerPort }: FirewallSettings): string {
  const { input, forward } = chainsOf(instance)
  return `*filter
:${input} - [0:0]
:${forward} - [0:0]
-A ${input} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A ${input} -p tcp --dport ${routerPort} -j ACCEPT
-A ${input} -j DROP
-A ${forward} -d 169.254.0.0/16 -j DROP
-A ${forward} -j RETURN
COMMIT
`
}

async function writeRules(settings: FirewallSettings, signal: AbortSignal): Promise<void> {
  const { input, forward } = chainsOf(settings.instance)
  const bridges = `${bridgePrefix(settings.instance)}+`
  try {
    await exec('iptables-restore', ['--noflush', '--wait'], signal, chainRules(settings))
    await jump('iptables', 'INPUT', ['-i', bridges, '-j', input], signal)
    await jump('iptables', await forwardChain(signal), ['-i', bridges, '-j', forward], signal)
    await closeIpv6(bridges, signal)
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    throw new EngineError(`The host's firewall rules cannot be set: ${error.message}`, false, {
      cause: error,
    })
  }
}

/** An engine that was told to leave iptables alone has no DOCKER-USER chain. */
async function forwardChain(signal: AbortSignal): Promise<string> {
  return (await succeeds('iptables', ['-n', '-L', 'DOCKER-USER'], signal))
    ? 'DOCKER-USER'
    : 'FORWARD'
}

// Our networks have no IPv6, but a bridge has a link-local address of the host on it.
async function closeIpv6(bridges: string, signal: AbortSignal): Promise<void> {
  if (!(await succeeds('ip6tables', ['-n', '-L', 'INPUT'], signal))) return
  await jump('ip6tables', 'INPUT', ['-i', bridges, '-j', 'DROP'], signal)
}

/** Puts a rule first in a chain of the host, once. */
async function jump(
  program: string,
  chain: string,
  rule: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (await succeeds(program, ['--wait', '-C', chain, ...rule], signal)) return
  await exec(program, ['--wait', '-I', chain, '1', ...rule], signal)
}

async function succeeds(program: string, args: string[], signal: AbortSignal): Promise<boolean> {
  try {
    await exec(program, args, signal)
    return true
  } catch (error) {
    if (error instanceof ExecError) return false
    throw error
  }
}
