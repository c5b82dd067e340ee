/** An IP address as it is kept: a number for IPv4, which is a third of the text. */
export type Packed = number | string

/** Only the usual spelling is packed: what is unpacked is what was packed. */
export function pack(address: string): Packed {
  const parts = address.split('.')
  if (parts.length !== 4) return address
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number)
  const number = (a << 24) | (b << 16) | (c << 8) | d
  return unpack(number) === address ? number : address
}

export function unpack(packed: Packed): string {
  if (typeof packed === 'string') return packed
  return `${packed >>> 24}.${(packed >>> 16) & 255}.${(packed >>> 8) & 255}.${packed & 255}`
}
