import { type Static, Type } from 'typebox'

/** What one check may ask for. Seconds; `totalS` is for all tries of a check together. */
export const checkLimits = {
  checks: 10,
  attempts: 100,
  timeoutS: 60,
  waitS: 60,
  delayS: 300,
  uptimeS: 300,
  totalS: 600,
  headers: 10,
  headerLength: 500,
  textLength: 500,
} as const

/** `text` is printable and of one line: it is shown to people. */
export const checkPatterns = {
  text: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$',
  path: '^/[\\x21-\\x7e]*$',
  headerName: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$",
  headerValue: '^[\\t\\x20-\\x7e]*$',
} as const

/** As its owner calls it; null: by what it does. */
const name = Type.Union([
  Type.String({ pattern: checkPatterns.text, minLength: 1, maxLength: checkLimits.textLength }),
  Type.Null(),
])

const tries = {
  name,
  /** Made as long as the copy serves, which is started anew when it fails; without: before it serves. */
  type: Type.Optional(Type.Literal('liveness')),
  attempts: Type.Integer({ minimum: 1, maximum: checkLimits.attempts }),
  /** Of one try, to the last byte that is read. */
  timeout_s: Type.Integer({ minimum: 1, maximum: checkLimits.timeoutS }),
  /** Between two tries. */
  wait_s: Type.Integer({ minimum: 1, maximum: checkLimits.waitS }),
  /** After the start of the copy, before the first try. */
  delay_s: Type.Integer({ minimum: 0, maximum: checkLimits.delayS }),
}

const reached = {
  ...tries,
  /** Null: the port that takes requests. */
  port: Type.Union([Type.Integer({ minimum: 1, maximum: 65_535 }), Type.Null()]),
}

const HttpCheck = Type.Object({
  kind: Type.Literal('http'),
  ...reached,
  path: Type.String({ pattern: checkPatterns.path, maxLength: checkLimits.textLength }),
  headers: Type.Array(
    Type.Object({
      name: Type.String({ pattern: checkPatterns.headerName }),
      value: Type.String({
        pattern: checkPatterns.headerValue,
        maxLength: checkLimits.headerLength,
      }),
    }),
    { maxItems: checkLimits.headers },
  ),
  /** What the answer must have in it; null: anything. */
  content: Type.Union([
    Type.String({ minLength: 1, maxLength: checkLimits.textLength }),
    Type.Null(),
  ]),
})
export type HttpCheck = Static<typeof HttpCheck>

const CommandCheck = Type.Object({
  kind: Type.Literal('command'),
  ...tries,
  /** A command line, run in the copy as its own is. */
  command: Type.String({
    pattern: checkPatterns.text,
    minLength: 1,
    maxLength: checkLimits.textLength,
  }),
})
export type CommandCheck = Static<typeof CommandCheck>

/**
 * What a web copy must pass besides taking connections on its port.
 *
 * - `http`: a GET is answered with a status below 400
 * - `listening`: connections are taken
 * - `command`: a command ends with exit code 0
 * - `uptime`: it has run for so long
 */
export const HealthCheck = Type.Union([
  HttpCheck,
  Type.Object({ kind: Type.Literal('listening'), ...reached }),
  CommandCheck,
  Type.Object({
    kind: Type.Literal('uptime'),
    name,
    uptime_s: Type.Integer({ minimum: 1, maximum: checkLimits.uptimeS }),
  }),
])
export type HealthCheck = Static<typeof HealthCheck>
export type TriedCheck = Exclude<HealthCheck, { kind: 'uptime' }>

/** Made while a copy serves, not before. */
export function isLiveness(check: HealthCheck): check is TriedCheck {
  return check.kind !== 'uptime' && check.type === 'liveness'
}

/** The longest a check may take, in seconds: every try runs into its timeout. */
export function longestS(check: HealthCheck): number {
  if (check.kind === 'uptime') return check.uptime_s
  const { attempts, timeout_s, wait_s, delay_s } = check
  return delay_s + attempts * timeout_s + (attempts - 1) * wait_s
}

/** What people read of a check: `GET /up (web check), 3 tries of 5 s`. */
export function describeCheck(check: HealthCheck): string {
  const named = check.name === null ? '' : ` (${check.name})`
  if (check.kind === 'uptime') return `${check.uptime_s} s of uptime${named}`
  const tries = check.attempts === 1 ? '1 try' : `${check.attempts} tries`
  const when = isLiveness(check) ? 'while it serves: ' : ''
  return `${when}${requestOf(check)}${named}, ${tries} of ${check.timeout_s} s`
}

/** What a try asks of the copy: `GET /up`. */
export function requestOf(check: TriedCheck): string {
  if (check.kind === 'command') return `\`${check.command}\``
  if (check.kind === 'listening') return check.port === null ? 'its port' : `port ${check.port}`
  return `GET ${check.port === null ? '' : `:${check.port}`}${check.path}`
}
