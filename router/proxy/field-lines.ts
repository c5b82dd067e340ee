import { blankBytes, byteAt, COLON, CR, fieldBytes, LF, skip, tokenBytes } from './bytes.ts'
import { field, fieldId } from './field-name.ts'
import { incomplete, malformed, whole } from './head.ts'
import type { Head, Verdict } from './head.ts'

/** Told of each field we know; answers `whole` to go on, or what is wrong. */
export type NoteField<H extends Head> = (head: H, bytes: Buffer, id: number) => Verdict

/** Reads the field lines from `at` to the empty line. */
export function parseFields<H extends Head>(
  head: H,
  bytes: Buffer,
  at: number,
  note: NoteField<H>,
): Verdict {
  head.fieldsStart = at
  let next = at
  for (;;) {
    if (next + 1 >= bytes.length) return incomplete
    if (byteAt(bytes, next) === CR) break
    const verdict = readField(head, bytes, next, note)
    if (verdict !== whole) return verdict
    next = fieldEnd
  }
  head.end = next + 2
  return byteAt(bytes, next + 1) === LF ? whole : malformed
}

let fieldEnd = 0

function readField<H extends Head>(
  head: H,
  bytes: Buffer,
  at: number,
  note: NoteField<H>,
): Verdict {
  const colon = skip(tokenBytes, bytes, at, bytes.length)
  if (colon === bytes.length) return incomplete
  if (colon === at || byteAt(bytes, colon) !== COLON) return malformed
  const lineEnd = skip(fieldBytes, bytes, colon + 1, bytes.length)
  if (lineEnd + 1 >= bytes.length) return atLineEnd(bytes, lineEnd)
  if (byteAt(bytes, lineEnd) !== CR || byteAt(bytes, lineEnd + 1) !== LF) return malformed
  fieldEnd = lineEnd + 2
  if (!head.addField(at, colon, fieldEnd)) return 431
  const id = fieldId(bytes, at, colon)
  if (id === field.other) return whole
  trimValue(head, bytes, colon + 1, lineEnd)
  return note(head, bytes, id)
}

/** Bytes ran out in a line: fine, unless what stands last can never become right. */
function atLineEnd(bytes: Buffer, at: number): Verdict {
  return at === bytes.length || byteAt(bytes, at) === CR ? incomplete : malformed
}

function trimValue(head: Head, bytes: Buffer, start: number, end: number): void {
  head.valueStart = skip(blankBytes, bytes, start, end)
  head.valueEnd = end
  while (head.valueEnd > head.valueStart && blankBytes[byteAt(bytes, head.valueEnd - 1)] === 1) {
    head.valueEnd -= 1
  }
}
