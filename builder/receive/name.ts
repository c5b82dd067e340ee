/** A path as it may be shown: short, and without bytes that move a terminal. */
export function nameText(path: string): string {
  const text = Buffer.from(path, 'latin1').toString('utf8')
  // oxlint-disable-next-line no-control-regex
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
  return clean.length > 120 ? `${clean.slice(0, 120)}...` : clean
}
