/** A field of a protobuf message: its number and its content, a number or bytes. */
export interface Field {
  readonly id: number
  readonly value: number
  readonly bytes: Buffer
}

const none = Buffer.alloc(0)

/** Reads the fields of a message in order (wire types 0, 1, 2 and 5). Throws on anything else. */
export function* readFields(message: Buffer): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at]
      if (byte === undefined) throw new RangeError('message ends inside a field')
      at += 1
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError('message ends inside a field')
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const key = varint()
    const id = Math.floor(key / 8)
    const wire = key & 7
    if (wire === 0) yield { id, value: varint(), bytes: none }
    else if (wire === 1) yield { id, value: 0, bytes: take(8) }
    else if (wire === 2) yield { id, value: 0, bytes: take(varint()) }
    else if (wire === 5) yield { id, value: 0, bytes: take(4) }
    else throw new RangeError(`unknown wire type ${wire}`)
  }
}

/** A field of bytes. */
export function writeBytes(id: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(id * 8 + 2), varint(bytes.length), bytes])
}

/** A field that is a number, 0 or more. */
export function writeNumber(id: number, value: number): Buffer {
  return Buffer.concat([varint(id * 8), varint(value)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
