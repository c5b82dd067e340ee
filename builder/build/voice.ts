/** How a build speaks to whoever pushed. */
export interface Voice {
  /** Heads a stage: `-----> text`. */
  step(text: string): void
  /** A line below it. */
  text(text: string): void
  /** A line as it is: `warning: …`. */
  say(kind: 'hint' | 'warning', text: string): void
  /** Output of a build as it is. */
  output(chunk: Buffer): void
  /** Shows these values to nobody from now on, instead of those named before. */
  hide(secrets: readonly string[]): void
}
