/** A push or build that we do not accept, and what its author can do. Not a fault of ours. */
export class Refused extends Error {
  override readonly name = 'Refused'
  /** Where it stopped: `receive`, `check`, `queue`, `detect`, `compile`, `slug`, … */
  readonly stage: string
  readonly hint: string

  constructor(stage: string, message: string, hint: string) {
    super(message)
    this.stage = stage
    this.hint = hint
  }
}
