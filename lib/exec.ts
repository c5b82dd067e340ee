import { execFile } from 'node:child_process'

/** A program of the host ended badly. `message` has what it wrote on standard error. */
export class ExecError extends Error {
  override readonly name = 'ExecError'
  /** Null when it could not be started or was killed. */
  readonly exitCode: number | null

  constructor(message: string, exitCode: number | null, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

const options = {
  // Supervisors often leave the sbin folders out; the C locale keeps messages comparable.
  env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  maxBuffer: 16 * 1024 ** 2,
  timeout: 30_000,
}

/** Runs a program with an argument array, never a shell; its standard output. Throws ExecError. */
export function exec(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { ...options, signal }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      if (signal.aborted) return reject(asError(signal.reason))
      const exitCode = typeof error.code === 'number' ? error.code : null
      const text = stderr.trim() || error.message
      reject(new ExecError(`${program}: ${text}`, exitCode, { cause: error }))
    })
    // A program that ends without reading its input is judged by its exit code alone.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
