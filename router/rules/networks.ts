import { BlockList, isIP } from 'node:net'

const widths: Readonly<Record<number, number>> = { 4: 32, 6: 128 }

/** A list of addresses and networks, read once. */
export class Networks {
  readonly #list: BlockList

  /** Entries that are none are left out: `networkFault` tells beforehand. */
  constructor(entries: readonly string[]) {
    this.#list = blockList(entries.filter((one) => networkFault(one) === null))
  }

  includes(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
    const version = isIP(plain)
    return version > 0 && this.#list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }
}

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const version = isIP(address)
    const width = bits === undefined ? (widths[version] ?? 0) : Number(bits)
    list.addSubnet(address, width, version === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

/** What is wrong with an address or a network (`10.0.0.0/8`), in words. */
export function networkFault(entry: string): string | null {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const width = widths[isIP(address)]
  if (width !== undefined && Number(bits ?? 0) <= width) return null
  return `"${entry}" is neither an address nor a network`
}
