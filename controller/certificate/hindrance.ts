import { SlipwayError } from '#contract/error.ts'
import { AcmeProblem } from './acme/problem.ts'
import { CertificateFault } from './inspect.ts'

/**
 * `elsewhere`: the name does not lead here, so nobody was asked. `budget`: too many were asked for.
 * `authority`: it refused, or cannot be reached. `platform`: something of ours failed. `bug`: so did
 * something that nobody has thought of.
 */
type Kind = 'elsewhere' | 'budget' | 'authority' | 'platform' | 'bug'

/** Why there is no certificate, in one sentence that the owner of the name may read. */
export class Hindrance extends Error {
  override readonly name = 'Hindrance'
  readonly kind: Kind
  /** Not before this time is over; undefined: as we see fit. */
  readonly waitMs: number | undefined

  constructor(
    kind: Kind,
    sentence: string,
    options: ErrorOptions & { waitMs?: number | undefined } = {},
  ) {
    super(sentence, options)
    this.kind = kind
    this.waitMs = options.waitMs
  }
}

/** Whatever was thrown, as that; a bug is not told, but logged by its cause. */
export function hindranceFrom(error: unknown): Hindrance {
  if (error instanceof Hindrance) return error
  const options = { cause: error }
  if (error instanceof AcmeProblem) {
    const sentence = `The certificate authority did not give it: ${error.message}.`
    return new Hindrance('authority', sentence, { ...options, waitMs: error.waitMs })
  }
  if (error instanceof CertificateFault) {
    const sentence = `The certificate authority gave one that cannot be used: ${error.message}.`
    return new Hindrance('authority', sentence, options)
  }
  if (error instanceof SlipwayError) return new Hindrance('platform', error.message, options)
  return new Hindrance('bug', 'Something went wrong on our side.', options)
}
