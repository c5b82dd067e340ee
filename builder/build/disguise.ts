/** A secret in other clothes: what programs print when they mean it. */

/** As it is, in a URL, in JSON, in hexadecimal. */
export function plainForms(secret: string): Buffer[] {
  const bytes = Buffer.from(secret)
  const inUrl = encoded(secret)
  const texts = [
    secret,
    inUrl,
    inUrl.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    inUrl.replaceAll('%20', '+'),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ]
  return [...new Set(texts)].map((text) => Buffer.from(text))
}

/** Half a surrogate pair has no encoding. */
function encoded(secret: string): string {
  return encodeURIComponent(secret.toWellFormed())
}

/** Fewer characters of base64 say too little to be told from anything else. */
const shortest = 7

/**
 * In base64, whatever stands before and after it: the characters that depend on the secret alone, for
 * each of the three places it may begin at, in both alphabets.
 */
export function base64Forms(secret: string): Buffer[] {
  const bytes = Buffer.from(secret)
  const cores = [0, 1, 2].map((lead) => core(bytes, lead))
  const both = cores.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
  return [...new Set(both)]
    .filter(({ length }) => length >= shortest)
    .map((text) => Buffer.from(text))
}

function core(bytes: Buffer, lead: number): string {
  const text = Buffer.concat([Buffer.alloc(lead), bytes]).toString('base64')
  const first = Math.ceil((lead * 8) / 6)
  const whole = Math.floor(((lead + bytes.length) * 8) / 6)
  return text.slice(first, whole)
}
