import { Refused } from '#builder/refused.ts'

/** A file of the app that says how it is built or run, and is wrong: which, where, what to do. */
export function badManifest(file: string, what: string, fix: string): Refused {
  return new Refused('manifest', `${file} ${what}`, fix)
}
