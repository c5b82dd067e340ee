/** Answers of an app that means harm, or knows no better. */
export interface Hostile {
  readonly name: string
  readonly text: string
  /** The app closes after it. */
  readonly closes?: boolean
}

const ok = 'HTTP/1.1 200 OK\r\n'
/** What a second answer would look like, smuggled into the first. */
const hidden = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden'
const chunks = '5\r\nhello\r\n0\r\n\r\n'

function each(what: string, texts: readonly string[], make: (text: string) => string): Hostile[] {
  return texts.map((text) => ({ name: `${what} ${JSON.stringify(text)}`, text: make(text) }))
}

const statusLines = [
  'HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.1  200 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1 099 OK', 'HTTP/1.1 600 OK', 'HTTP/1.1 -20 OK', 'HTTP/1.1 abc OK', 'HTTP/2 200 OK', 'HTTP/2.0 200 OK', 'HTTP/1.2 200 OK', 'HTTP/0.9 200 OK',
  'HTTP/1.1 200 O\rK', 'HTTP/1.1 200 O\x00K', 'http/1.1 200 OK', 'ICY 200 OK', ' HTTP/1.1 200 OK', 'HTTP/1.1\t200\tOK', 'HTTP/1.1 200 \xff', '200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 100 Continue',
] // prettier-ignore

const framings = [
  'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'Content-Length: 5\r\nContent-Length: 5\r\n', 'Content-Length: 5, 5\r\n',
  'Content-Length: +5\r\n', 'Content-Length: -5\r\n', 'Content-Length: 0x5\r\n', 'Content-Length: 5 5\r\n', 'Content-Length: five\r\n', 'Content-Length:\r\n', 'Content-Length: \t5\r\n', 'Content-Length : 5\r\n', ' Content-Length: 5\r\n', 'Content-Length: 5\n', 'Content-Length: 5\x00\r\n',
  'Content-Length: 99999999999999999999\r\n', 'Transfer-Encoding: gzip\r\n', 'Transfer-Encoding: gzip, chunked\r\n', 'Transfer-Encoding: xchunked\r\n', 'Transfer-Encoding: identity\r\n', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', 'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding:\x0bchunked\r\n', 'Transfer-Encoding: chunked\r\n x\r\n', 'Transfer\xadEncoding: chunked\r\n', 'Content_Length: 5\r\n', 'X-A\r\n', ': x\r\n', 'X-A: b\rc\r\n', 'X-A: b\x00c\r\n', 'X-A: b\nContent-Length: 5\r\n', 'Connection: Content-Length\r\nContent-Length: 5\r\n', 'Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n',
] // prettier-ignore

const sizes = ['0x5', ' 5', '5 ', '5;', '5; a=b', '5;a="\r\n"', '+5', '-5', 'FFFFFFFFFFFFFFFF', '5\t', '', '5\n0', '05', '5;a=b', 'five'] // prettier-ignore
const trailers = ['Content-Length: 50\r\n', 'Transfer-Encoding: chunked\r\n', 'X-T\r\n', 'X-T : 1\r\n', ' X-T: 1\r\n', 'X-T: 1\n', 'X-T: \x00\r\n', 'X-T: 1\r\n', 'Connection: keep-alive\r\n', 'HTTP/1.1 200 OK\r\n', `${'X: y\r\n'.repeat(3000)}`] // prettier-ignore

const others: readonly Hostile[] = [
  { name: 'nothing at all', text: '', closes: true },
  { name: 'half a status line', text: 'HTTP/1.1 2', closes: true },
  { name: 'half a head', text: `${ok}Content-Le`, closes: true },
  { name: 'half a body', text: `${ok}Content-Length: 10\r\n\r\nhello`, closes: true },
  { name: 'half of the chunks', text: `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, closes: true },
  { name: 'half a chunk', text: `${ok}Transfer-Encoding: chunked\r\n\r\n9\r\nhello`, closes: true },
  { name: 'chunks without their end', text: `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`, closes: true },
  { name: 'a body until the end', text: `${ok}\r\nhello`, closes: true },
  { name: 'a body until the end, of HTTP/1.0', text: 'HTTP/1.0 200 OK\r\n\r\nhello', closes: true },
  { name: 'a kept connection of HTTP/1.0', text: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello' },
  { name: 'chunks in HTTP/1.0', text: `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`, closes: true },
  { name: 'a second answer after the first', text: `${ok}Content-Length: 5\r\n\r\nhello${hidden}` },
  { name: 'a second answer after chunks', text: `${ok}Transfer-Encoding: chunked\r\n\r\n${chunks}${hidden}` },
  { name: 'bytes after the first', text: `${ok}Content-Length: 5\r\n\r\nhello!!!` },
  { name: 'an answer after one without content', text: `HTTP/1.1 204 No Content\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}` },
  { name: 'an answer after one that is not modified', text: `HTTP/1.1 304 Not Modified\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}` },
  { name: 'chunks without content', text: `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}` },
  { name: 'chunks that are not modified', text: `HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}` },
  { name: 'an interim answer with a length', text: `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello` },
  { name: 'an interim answer with chunks', text: `HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello` },
  { name: 'very many interim answers', text: `${'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(500)}${ok}Content-Length: 5\r\n\r\nhello` },
  { name: 'an upgrade nobody asked for', text: `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n${hidden}` },
  { name: 'a head without end', text: `${ok}${'X-A: b\r\n'.repeat(20_000)}` },
  { name: 'a field without end', text: `${ok}X-A: ${'b'.repeat(200_000)}` },
  { name: 'a status line without end', text: `HTTP/1.1 200 ${'O'.repeat(200_000)}` },
  { name: 'a head in bare line feeds', text: 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', closes: true },
  { name: 'a folded field', text: `${ok}X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello` },
  { name: 'empty lines before the head', text: `\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello` },
  { name: 'nonsense', text: 'nonsense\r\n\r\n', closes: true },
  { name: 'TLS', text: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', closes: true },
  { name: 'SSH', text: 'SSH-2.0-OpenSSH_9.2\r\n', closes: true },
  { name: 'bare chunks', text: `${ok}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n` },
  { name: 'no end of line after a chunk', text: `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n` },
  { name: 'a chunk longer than it says', text: `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n` },
  { name: 'a length of zero and a body', text: `${ok}Content-Length: 0\r\n\r\n${hidden}` },
] // prettier-ignore

export const hostile: readonly Hostile[] = [
  ...each('status line', statusLines, (line) => `${line}\r\nContent-Length: 5\r\n\r\nhello`),
  ...each('framing', framings, (fields) => `${ok}${fields}\r\n${chunks}`),
  ...each('size', sizes, (size) => `${ok}Transfer-Encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`),
  ...each('trailer', trailers, (lines) => `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${lines}\r\n`),
  ...others,
] // prettier-ignore
