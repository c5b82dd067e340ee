import { hash } from './names.ts'

/** The gateway (first address) of a subnet in CIDR notation. */
export function gatewayOf(subnet: string): string {
  return format(parse(subnet).base + 1)
}

/**
 * An address of the subnet that nobody has; null when it is full.
 *
 * The search begins at a place given by the name, so that an address is seldom used again soon: a
 * stale route to it would then meet nobody instead of another copy.
 */
export function pickAddress(
  subnet: string,
  taken: ReadonlySet<string>,
  name: string,
): string | null {
  const { base, size } = parse(subnet)
  const usable = size - 3 // all but the network's own, the gateway's and the broadcast address
  const start = Number.parseInt(hash(name, 8), 16)
  for (let i = 0; i < usable; i += 1) {
    const address = format(base + 2 + ((start + i) % usable))
    if (!taken.has(address)) return address
  }
  return null
}

function parse(subnet: string): { base: number; size: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet)
  if (match === null) throw new TypeError(`"${subnet}" is not an IPv4 subnet.`)
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match.slice(1).map(Number)
  return { base: ((a * 256 + b) * 256 + c) * 256 + d, size: 2 ** (32 - bits) }
}

function format(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}
