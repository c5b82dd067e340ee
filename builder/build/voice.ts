/** How a build speaks to whoever pushed. */
export interface Voice {
  /** Heads a stage: `-----> text`. */
  step(text: string): void
  /** A line below it. */
  text(text: string): void
  /** Output of a build as it is. */
  output(chunk: Buffer): void
}
