import { Refused } from '#builder/refused.ts'

/** Reads `KEY=value` words. The sentence for one that is none repeats no value: it may be a secret. */
export function readConfigPairs(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => pairOf(word, 'KEY=VALUE')))
}

/** Reads `web=2` words; whether there is such a type, and so many may run, the controller knows. */
export function readQuantities(words: readonly string[]): { type: string; quantity: number }[] {
  return words.map((word) => {
    const [type, value] = pairOf(word, 'TYPE=NUMBER')
    if (!/^\d{1,6}$/.test(value)) throw wrong('TYPE=NUMBER')
    return { type, quantity: Number(value) }
  })
}

function pairOf(word: string, form: string): [string, string] {
  const sign = word.indexOf('=')
  if (sign < 1) throw wrong(form)
  return [word.slice(0, sign), word.slice(sign + 1)]
}

function wrong(form: string): Refused {
  const hint = `Quote a value with spaces twice: ssh git@HOST "config:set -a APP KEY='a b'"`
  return new Refused('remote', `a word is not of the form ${form}`, hint)
}
