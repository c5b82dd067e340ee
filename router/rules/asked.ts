/** What rules look at in a request. */
export interface Asked {
  readonly method: string
  /** Path and query, as the client wrote them. */
  readonly target: string
  /** As the client wrote it, without port. */
  readonly host: string
  /** IP address of who asks. */
  readonly address: string
  readonly isSecure: boolean
  /** The value of a field, by its name in lower case; null: there is none. */
  readonly field: (name: string) => string | null
}
