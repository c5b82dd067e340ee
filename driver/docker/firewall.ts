import { exec, ExecError } from '#lib/exec.ts'
import { EngineError } from '#driver/driver.ts'
import { bridgePrefix, hash } from './names.ts'

/** Keeps our bridges away from the host's own listeners and from link-local metadata. */
export interface Firewall {
  /** Writes the rules unless that was done within the last half minute. Idempotent. */
  ensure(signal: AbortSignal): Promise<void>
  /** Writes them now: the engine restarted and may have flushed them. */
  renew(signal: AbortSignal): Promise<void>
  /** Takes them away. */
  remove(signal: AbortSignal): Promise<void>
}

export interface FirewallSettings {
  readonly instance: string
  readonly routerPorts: readonly number[]
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
    remove: (signal) => removeRules(settings.instance, signal),
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
export function chainRules({ instance, routerPorts }: FirewallSettings): string {
  const { input, forward } = chainsOf(instance)
  const open = routerPorts
    .filter((port) => port !== 0)
    .map((port) => `-A ${input} -p tcp --dport ${port} -j ACCEPT\n`)
  return `*filter
:${input} - [0:0]
:${forward} - [0:0]
-A ${input} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
${open.join('')}-A ${input} -j DROP
-A ${forward} -d 169.254.0.0/16 -j DROP
-A ${forward} -j RETURN
COMMIT
`
}

async function writeRules(settings: FirewallSettings, signal: AbortSignal): Promise<void> {
  try {
    await exec('iptables-restore', ['--noflush', '--wait'], signal, chainRules(settings))
    for (const { program, chain, rule } of await jumps(settings.instance, signal)) {
      if (await succeeds(program, ['--wait', '-C', chain, ...rule], signal)) continue
      await exec(program, ['--wait', '-I', chain, '1', ...rule], signal)
    }
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    throw new EngineError(`The host's firewall rules cannot be set: ${error.message}`, false, {
      cause: error,
    })
  }
}

async function removeRules(instance: string, signal: AbortSignal): Promise<void> {
  for (const { program, chain, rule } of await jumps(instance, signal)) {
    while (await succeeds(program, ['--wait', '-D', chain, ...rule], signal));
  }
  for (const chain of Object.values(chainsOf(instance))) {
    await succeeds('iptables', ['--wait', '-F', chain], signal)
    await succeeds('iptables', ['--wait', '-X', chain], signal)
  }
}

/** A rule in a chain of the host that sends our bridges' traffic to our own rules. */
interface Jump {
  readonly program: 'iptables' | 'ip6tables'
  readonly chain: string
  readonly rule: readonly string[]
}

async function jumps(instance: string, signal: AbortSignal): Promise<Jump[]> {
  const { input, forward } = chainsOf(instance)
  const from = ['-i', `${bridgePrefix(instance)}+`, '-j']
  const through = await forwardChain(signal)
  const found: Jump[] = [
    { program: 'iptables', chain: 'INPUT', rule: [...from, input] },
    { program: 'iptables', chain: through, rule: [...from, forward] },
  ]
  // Our networks have no IPv6, but a bridge has a link-local address of the host on it.
  if (await succeeds('ip6tables', ['-n', '-L', 'INPUT'], signal)) {
    found.push({ program: 'ip6tables', chain: 'INPUT', rule: [...from, 'DROP'] })
  }
  return found
}

/** An engine that was told to leave iptables alone has no DOCKER-USER chain. */
async function forwardChain(signal: AbortSignal): Promise<string> {
  return (await succeeds('iptables', ['-n', '-L', 'DOCKER-USER'], signal))
    ? 'DOCKER-USER'
    : 'FORWARD'
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
