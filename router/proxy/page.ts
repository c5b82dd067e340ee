import { errorPage } from '#router/rules/error-page.ts'
import type { Exchange } from './exchange.ts'
import type { Reply } from './reply.ts'

interface Row {
  readonly reason: string
  readonly sentence: string
}

/** What we say ourselves: nothing of the app, its instances or this host. */
const rows: Readonly<Record<number, Row>> = {
  200: { reason: 'OK', sentence: '' },
  301: { reason: 'Moved Permanently', sentence: 'This page has moved.' },
  302: { reason: 'Found', sentence: 'This page is elsewhere for now.' },
  307: { reason: 'Temporary Redirect', sentence: 'This page is elsewhere for now.' },
  308: { reason: 'Permanent Redirect', sentence: 'This page has moved.' },
  400: { reason: 'Bad Request', sentence: 'The request could not be understood.' },
  401: { reason: 'Unauthorized', sentence: 'This page asks for a user and a password.' },
  403: { reason: 'Forbidden', sentence: 'This page is not open to your address.' },
  404: { reason: 'Not Found', sentence: 'There is no app at this address.' },
  405: { reason: 'Method Not Allowed', sentence: 'This method is not served here.' },
  408: { reason: 'Request Timeout', sentence: 'The request did not arrive in time.' },
  413: { reason: 'Content Too Large', sentence: 'The request is too large.' },
  414: { reason: 'URI Too Long', sentence: 'The address of the request is too long.' },
  417: { reason: 'Expectation Failed', sentence: 'What the request expects is not served here.' },
  421: { reason: 'Misdirected Request', sentence: 'This connection does not serve that host.' },
  429: { reason: 'Too Many Requests', sentence: 'There were too many requests; try again later.' },
  431: {
    reason: 'Request Header Fields Too Large',
    sentence: 'The header fields of the request are too large.',
  },
  500: { reason: 'Internal Server Error', sentence: 'The request could not be served.' },
  501: { reason: 'Not Implemented', sentence: 'This transfer coding is not served here.' },
  502: { reason: 'Bad Gateway', sentence: 'The app did not answer properly.' },
  503: { reason: 'Service Unavailable', sentence: 'The app is not running at the moment.' },
  504: { reason: 'Gateway Timeout', sentence: 'The app did not answer in time.' },
  505: {
    reason: 'HTTP Version Not Supported',
    sentence: 'This version of HTTP is not served here.',
  },
}
const maintenance: Row = {
  reason: 'Service Unavailable',
  sentence: 'The app is under maintenance and will be back soon.',
}
const unknown: Row = { reason: 'Error', sentence: 'The request could not be served.' }

/**
 * A whole answer of our own, one character for each byte, with the app's page where it has one.
 *
 * `exchange`: what is answered; null: it could not be read. `closes`: the connection ends with this.
 */
export function page(answer: Reply, exchange: Exchange | null, closes: boolean): string {
  const { status, fields, code } = answer
  const { reason, sentence } = code === 'H80' ? maintenance : (rows[status] ?? unknown)
  const written = answer.body ?? errorPage(exchange?.site ?? null, status)
  const body = written === null ? html(status, reason, sentence) : latin1Text(written)
  const type = /^content-type:/im.test(fields) ? '' : 'Content-Type: text/html; charset=utf-8\r\n'
  const connection = closes ? 'Connection: close\r\n' : ''
  const head =
    `HTTP/1.1 ${status} ${reason}\r\n${type}Content-Length: ${body.length}\r\n` +
    `Cache-Control: no-store\r\n${fields}${connection}\r\n`
  return exchange?.request.isHead === true ? head : head + body
}

/** UTF-8 of a text that others wrote, in the characters that connections are given. */
function latin1Text(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function html(status: number, reason: string, sentence: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${reason}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem;color-scheme:light dark}</style>
<h1>${status} ${reason}</h1>
<p>${sentence}</p>
</html>
`
}
