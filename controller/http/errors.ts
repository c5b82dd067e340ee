import type { FastifyError } from 'fastify'
import { failure, SlipwayError } from '#contract/error.ts'
import { isBusy } from '#controller/store/open.ts'
import { EngineError } from '#driver/driver.ts'
import { FormError } from './validate.ts'

/** The error a client is told for whatever was thrown; null for a bug, which is told nothing of. */
export function errorForClient(error: unknown): SlipwayError | null {
  if (error instanceof SlipwayError) return error
  if (error instanceof EngineError) return failure('ENGINE_DOWN', { reason: error.message })
  if (error instanceof FormError) return failure('INVALID_PARAMS', { reason: error.message })
  if (isBusy(error)) return failure('DATABASE_BUSY', {}, { cause: error })
  if (isWire(error)) return failure('BAD_REQUEST', { reason: reasonOf(error) }, { cause: error })
  return null
}

/** Fastify's word for a request it could not read. */
function isWire(error: unknown): error is FastifyError {
  const status = error instanceof Error ? (error as Partial<FastifyError>).statusCode : undefined
  return status !== undefined && status >= 400 && status < 500
}

const reasons: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'its body is larger than 1 MiB',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'its body is not JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'its body is not as long as it says',
  FST_ERR_BAD_URL: 'its path is not a proper URL',
}

function reasonOf(error: FastifyError): string {
  return reasons[error.code] ?? 'its body is not proper JSON'
}
