import { EngineError } from '#driver/driver.ts'

/** The engine was reached and said no. */
export class Refusal extends EngineError {
  /** HTTP status of its answer. */
  readonly status: number

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, false, options)
    this.status = status
  }
}

/** What docker-modem adds to the errors it throws. */
interface ModemError extends Error {
  readonly code?: string
  readonly statusCode?: number
  readonly reason?: string
  readonly json?: { readonly message?: string } | null
}

/** Turns whatever the client threw into a sentence that says what we were about to do. */
export function engineError(doing: string, socketPath: string, thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown
  const error = thrown as ModemError
  const options = { cause: thrown }
  if (error.statusCode === undefined) {
    const reason = reasonOf(error)
    return new EngineError(`The container engine at ${socketPath} ${reason}.`, true, options)
  }
  const text = error.json?.message ?? error.reason ?? error.message
  return new Refusal(`The container engine could not ${doing}: ${text}`, error.statusCode, options)
}

function reasonOf({ name, code, message }: ModemError): string {
  if (name === 'TimeoutError') return 'did not answer in time'
  if (code === 'ENOENT') return 'is not there (no such file)'
  if (code === 'ECONNREFUSED') return 'does not run (connection refused)'
  if (code === 'EACCES') return 'may not be used by this user (permission denied)'
  return `cannot be reached (${code ?? message})`
}

/** The answer, or null when the engine refused it with one of these statuses. */
export async function unless<T>(
  statuses: readonly number[],
  answer: Promise<T>,
): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Refusal && statuses.includes(error.status)) return null
    throw error
  }
}
