interface Row {
  readonly reason: string
  readonly sentence: string
}

/** What we say ourselves: nothing of the app, its instances or this host. */
const rows: Readonly<Record<number, Row>> = {
  400: { reason: 'Bad Request', sentence: 'The request could not be understood.' },
  404: { reason: 'Not Found', sentence: 'There is no app at this address.' },
  405: { reason: 'Method Not Allowed', sentence: 'This method is not served here.' },
  408: { reason: 'Request Timeout', sentence: 'The request did not arrive in time.' },
  413: { reason: 'Content Too Large', sentence: 'The request is too large.' },
  414: { reason: 'URI Too Long', sentence: 'The address of the request is too long.' },
  417: { reason: 'Expectation Failed', sentence: 'What the request expects is not served here.' },
  431: {
    reason: 'Request Header Fields Too Large',
    sentence: 'The header fields of the request are too large.',
  },
  501: { reason: 'Not Implemented', sentence: 'This transfer coding is not served here.' },
  502: { reason: 'Bad Gateway', sentence: 'The app did not answer properly.' },
  503: { reason: 'Service Unavailable', sentence: 'The app is not running at the moment.' },
  504: { reason: 'Gateway Timeout', sentence: 'The app did not answer in time.' },
  505: {
    reason: 'HTTP Version Not Supported',
    sentence: 'This version of HTTP is not served here.',
  },
}
const unknown: Row = { reason: 'Error', sentence: 'The request could not be served.' }

export interface PageOptions {
  /** The answer to HEAD: without its body. */
  readonly isHead: boolean
  /** The connection ends with this answer. */
  readonly closes: boolean
}

/** A whole answer of our own. */
export function page(status: number, { isHead, closes }: PageOptions): string {
  const { reason, sentence } = rows[status] ?? unknown
  const body = html(status, reason, sentence)
  const connection = closes ? 'Connection: close\r\n' : ''
  const head =
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/html; charset=utf-8\r\n` +
    `Content-Length: ${body.length}\r\nCache-Control: no-store\r\n${connection}\r\n`
  return isHead ? head : head + body
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
