import { errorBody, failure, SlipwayError } from '#contract/error.ts'
import type { ErrorCode } from '#contract/error.ts'
import type { Screen } from './screen.ts'

/** Exit codes scripts may rely on; `app run` answers the code of its command instead. */
const exits = {
  failed: 1,
  usage: 2,
  forbidden: 3,
  notFound: 4,
  conflict: 5,
  buildFailed: 6,
  releaseFailed: 7,
  timedOut: 8,
  unreachable: 9,
  interrupted: 130,
} as const

const byCode: Partial<Record<ErrorCode, number>> = {
  BUILD_FAILED: exits.buildFailed,
  BUILD_DIFFERS: exits.buildFailed,
  RELEASE_FAILED: exits.releaseFailed,
  SERVER_UNREACHABLE: exits.unreachable,
  APP_NAME_TAKEN: exits.conflict,
  KEY_TAKEN: exits.conflict,
  USER_TAKEN: exits.conflict,
  APP_NAME_INVALID: exits.usage,
  CONFIG_KEY_INVALID: exits.usage,
  KEY_INVALID: exits.usage,
  QUANTITY_INVALID: exits.usage,
}

const byStatus: Readonly<Record<number, number>> = {
  400: exits.usage,
  401: exits.forbidden,
  403: exits.forbidden,
  404: exits.notFound,
  409: exits.conflict,
  499: exits.interrupted,
  504: exits.timedOut,
}

/** The exit code of what ended a command. */
export function exitCode(error: unknown, signal: AbortSignal): number {
  if (error instanceof SlipwayError) {
    return byCode[error.code] ?? byStatus[error.status] ?? exits.failed
  }
  return signal.aborted ? exits.interrupted : exits.failed
}

export interface ReportOptions {
  /** `DEBUG=1`: with the stack. */
  readonly isDebug: boolean
  readonly signal: AbortSignal
}

/** Tells what went wrong and what to do; never a stack, unless asked for one. */
export function report(error: unknown, screen: Screen, { isDebug, signal }: ReportOptions): void {
  if (error instanceof SlipwayError) tell(error, screen)
  else if (!signal.aborted) tellBug(error, screen)
  if (isDebug && error instanceof Error) screen.messages.write(`${error.stack}\n`)
}

function tell(error: SlipwayError, { isJson, messages, paint }: Screen): void {
  if (isJson) {
    messages.write(`${JSON.stringify(errorBody(error, error.requestId ?? ''))}\n`)
    return
  }
  messages.write(`${paint('red', 'error:')} ${error.message}\n`)
  if (error.hint !== '') messages.write(`${paint('cyan', 'hint:')} ${error.hint}\n`)
}

function tellBug(error: unknown, screen: Screen): void {
  const reason = error instanceof Error ? error.message : String(error)
  tell(
    new SlipwayError('INTERNAL', {
      message: `This is a mistake in the command itself: ${reason.split('\n')[0]}`,
      hint: 'Please report it; the same command with DEBUG=1 in front shows where it is.',
    }),
    screen,
  )
}

/** Something in the way the command was called: exit code 2. */
export function usage(reason: string, command = ''): SlipwayError {
  return failure('USAGE', { reason, command: command === '' ? '' : `${command} ` })
}
