import { byteAt, latin1 } from './bytes.ts'

interface Method {
  readonly name: string
  readonly bytes: Uint8Array
}

/** The usual ones, by their first letter and length: no text has to be made of them again and again. */
const usual: (Method | undefined)[] = []
for (const name of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
  usual[keyOf(name.charCodeAt(0), name.length)] = { name, bytes: Buffer.from(name) }
}

function keyOf(first: number, length: number): number {
  return (first % 32) * 8 + length
}

/** The method in a span that is known to be a token. */
export function methodAt(bytes: Buffer, start: number, end: number): string {
  const length = end - start
  const method = length < 8 ? usual[keyOf(byteAt(bytes, start), length)] : undefined
  if (method === undefined) return latin1(bytes, start, end)
  for (let i = 0; i < length; i += 1) {
    if (byteAt(bytes, start + i) !== method.bytes[i]) return latin1(bytes, start, end)
  }
  return method.name
}
