/** A network in CIDR: its first address and how many it has. */
interface Block {
  readonly start: number
  readonly size: number
}

/** Every environment gets this many addresses: a /26. */
const pieceSize = 64

/**
 * The first free /26 of a range, as CIDR; null when there is none.
 *
 * The last piece is left to builds. `taken` are ours, `foreign` others' on this host: neither may
 * overlap. What cannot be read as IPv4 CIDR (such as IPv6) and the default route are no neighbours.
 */
export function freeSubnet(
  range: string,
  taken: readonly string[],
  foreign: readonly string[],
): string | null {
  const whole = readCidr(range)
  if (whole === null) return null
  const used = [...taken, ...foreign].map(readCidr).filter(isNeighbour)
  const last = whole.start + whole.size - pieceSize
  for (let start = whole.start; start < last; start += pieceSize) {
    const piece = { start, size: pieceSize }
    if (!used.some((block) => overlaps(block, piece))) return writeCidr(piece)
  }
  return null
}

/** Whether text is a range that holds at least two pieces. */
export function isRange(range: string): boolean {
  const block = readCidr(range)
  return block !== null && block.size >= 2 * pieceSize && writeCidr(block) === range
}

function isNeighbour(block: Block | null): block is Block {
  return block !== null && block.size < 2 ** 32
}

function overlaps(a: Block, b: Block): boolean {
  return a.start < b.start + b.size && b.start < a.start + a.size
}

/** `10.217.0.0/26`; a bare address is a block of one. */
function readCidr(text: string): Block | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text)
  if (match === null) return null
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match.slice(1).map((part) => Number(part ?? 32))
  if (Math.max(a, b, c, d) > 255 || bits > 32) return null
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return { start: address - (address % size), size }
}

function writeCidr({ start, size }: Block): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256)
  return `${bytes.join('.')}/${32 - Math.log2(size)}`
}
