/** Settings come from the environment once, at the door; a wrong one stops the program with a sentence. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

export type Environment = Readonly<Record<string, string | undefined>>

export function text(env: Environment, name: string, fallback?: string): string {
  const value = env[name] === undefined || env[name] === '' ? fallback : env[name]
  if (value === undefined) throw new SettingError(`${name} is not set.`)
  return value
}

export function integer(env: Environment, name: string, fallback: number): number {
  const value = Number(text(env, name, String(fallback)))
  if (Number.isInteger(value) && value >= 0) return value
  throw new SettingError(`${name} must be a whole number, not "${env[name]}".`)
}

/** A TCP port. */
export function port(env: Environment, name: string, fallback: number): number {
  const value = integer(env, name, fallback)
  if (value <= 65_535) return value
  throw new SettingError(`${name} must be a port from 0 to 65535, not "${env[name]}".`)
}

const factors: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

/** `500M`, `2G`, `1048576`: bytes, with K, M and G as powers of 1024. */
export function bytes(env: Environment, name: string, fallback: number): number {
  const value = text(env, name, String(fallback))
  const match = /^(\d+)([KMG]?)$/.exec(value)
  if (match === null) throw new SettingError(`${name} must be a size such as 500M, not "${value}".`)
  return Number(match[1]) * (factors[match[2] ?? ''] ?? 1)
}
