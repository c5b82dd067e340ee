/** Requests that two readers might take for two different things. Built from lists, so that each idea is tried whole. */
export interface Ambiguous {
  readonly name: string
  readonly text: string
}

const host = 'Host: a.test\r\n'
const post = `POST /post HTTP/1.1\r\n${host}`
const hidden = 'GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r\n'
const chunkedBody = '5\r\nhello\r\n0\r\n\r\n'

function each(what: string, texts: readonly string[], make: (text: string) => string): Ambiguous[] {
  return texts.map((text) => ({ name: `${what} ${JSON.stringify(text)}`, text: make(text) }))
}

/** Spellings of a coding that some take for chunked and some do not. */
const codings = [
  'chunked', 'Chunked', 'CHUNKED', ' chunked', 'chunked ', '\tchunked', 'chunked\t', '\x0bchunked', 'chunked\x0b',
  '\x0cchunked', 'chunked\x00', '\x00chunked', 'xchunked', 'chunkedx', 'chunked,', ',chunked', 'chunked, ', 'chunked;q=1',
  'chunked, identity', 'identity, chunked', 'identity', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked', '"chunked"',
  "'chunked'", 'chunk', 'chunked\xa0', '\xa0chunked', 'chu\x00nked', 'c\u0127unked', 'chunked\r\n ', '\r\n chunked', 'x, chunked',
  'chunked\x85', '', ' ', 'cow', 'chunked\x7f', 'chunked\x1f',
] // prettier-ignore

/** Spellings of a length. */
const lengths = [
  '5', '05', '005', ' 5', '5 ', '\t5', '5\t', '+5', '-5', '-0', '0x5', '5.0', '5e0', '5,5', '5, 5', '5,6', '5;5', '"5"', "'5'", '5\x0b',
  '\x0b5', '5\x00', '5 5', '5\x0c', '', ' ', 'five', '99999999999999999999', '18446744073709551621', '4294967301', '0b101', '5_', '\u0665',
  '5\r\n ', '\r\n 5', '5\xa0', '٥', '5\x85', '05,5',
] // prettier-ignore

/** Sizes of a chunk of five bytes, as they might be written. */
const sizes = [
  '5', '05', '0000000005', '00000000000000000005', '0x5', '5 ', ' 5', '5\t', '+5', '-5', '5h', '5;', '5;a', '5;a=b', '5;a="b"', '5;a="\\""', '5; a=b',
  '5 ;a=b', '5;a=\x00', '5;a=b\x0b', '5;\x7f', '5,', '5.0', '', '5\r', '5\x00', '\x005', '5;a=b\r', '5;a="b\r\n', '100000005', '10000000000000005', '5\xa0', 'five',
  '5;a\nb', '5\n0', '5;a;', '5;a=', '5;a b', '5;a="b c"', '5;=b', '5;"a"', '5;a="b', '5;;a', '5;a=b;c=d', '5;a\t', '5;\ta',
] // prettier-ignore

/** Fields after the last chunk. */
const trailers = [
  'X-T: 1\r\n', 'Content-Length: 50\r\n', 'Transfer-Encoding: chunked\r\n', 'Host: b.test\r\n', 'X-T : 1\r\n', ' X-T: 1\r\n', 'X-T\r\n', 'X-T: 1\n', 'X-T: 1\r',
  ': 1\r\n', 'X-T: a\r\n b\r\n', 'X-T: \x00\r\n', 'X\x00T: 1\r\n', 'Connection: close\r\n', 'GET /hidden HTTP/1.1\r\n', 'X-T:\r\n', '\n', 'X-T: 1\r\n\n',
  'X-Forwarded-For: 1.2.3.4\r\n', 'content-length: 0\r\n', 'Content_Length: 5\r\n', 'Trailer: X\r\n', 'Expect: 100-continue\r\n', 'X-T: 1\r\nX-U: 2\r\n',
] // prettier-ignore

/** Names that some read as Content-Length. */
const lengthNames = [
  'Content-Length ', 'Content-Length\t', ' Content-Length', '\tContent-Length', 'Content_Length', 'content-length', 'CONTENT-LENGTH', 'Content-Length\x00',
  '\x00Content-Length', 'Content-Length\x0b', 'Content\x00-Length', 'Content-Length\xa0', 'Content Length', 'X\r\nContent-Length', 'X\nContent-Length', 'X\rContent-Length',
  'Content-Length:', '"Content-Length"', 'Content-Lengt\u0127', 'Content-\tLength',
] // prettier-ignore
const codingNames = lengthNames.map((name) =>
  name.replace(
    /content([-_ \0\t]+)lengt[h\u0127]/i,
    (_, between: string) => `Transfer${between}Encoding`,
  ),
)

const requestLines = [
  'GET  / HTTP/1.1', 'GET /  HTTP/1.1', ' GET / HTTP/1.1', 'GET\t/\tHTTP/1.1', 'GET / HTTP/1.1 ', 'GET / HTTP/1.2', 'GET / HTTP/2.0', 'GET / HTTP/0.9', 'GET / HTTP/1.0',
  'GET / http/1.1', 'GET / HTTP/1.1x', 'GET / HTTP/01.1', 'GET / HTTP/1.01', 'GET / HTTP/11', 'GET /', 'GET', 'GET / / HTTP/1.1', 'GET /a b HTTP/1.1', 'GET /\x00 HTTP/1.1',
  'GET /\x7f HTTP/1.1', 'GET /\x85 HTTP/1.1', 'GET /\xff HTTP/1.1', 'GET /#x HTTP/1.1', 'GET \\ HTTP/1.1', 'GET a HTTP/1.1', 'GET * HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET ?x HTTP/1.1',
  'GET http://a.test/abs HTTP/1.1', 'GET http://b.test/abs HTTP/1.1', 'GET HTTP://a.test HTTP/1.1', 'GET https://a.test?x HTTP/1.1', 'GET http:///x HTTP/1.1', 'GET http://u@a.test/ HTTP/1.1',
  'GET //a.test/x HTTP/1.1', 'get / HTTP/1.1', 'G\x00T / HTTP/1.1', 'G(T / HTTP/1.1', 'X-METHOD / HTTP/1.1', 'PRI * HTTP/2.0', 'CONNECT a.test:80 HTTP/1.1', 'GET /\r HTTP/1.1',
  'GET /%00 HTTP/1.1', 'GET /../x HTTP/1.1', 'GET /a/../../x HTTP/1.1', 'GET /a/../x HTTP/1.1', 'GET /%2e%2e/x HTTP/1.1', 'GET /.%2E/x HTTP/1.1', 'GET /a/%2e%2e%2f%2e%2e/x HTTP/1.1', 'GET /a?/../../x%00 HTTP/1.1',
  'GET /a%2fb HTTP/1.1', 'GET /%zz HTTP/1.1', 'GET /% HTTP/1.1', 'GET //../x HTTP/1.1', 'GET /..;/x HTTP/1.1', 'TRACE / HTTP/1.1', 'PROPFIND / HTTP/1.1', 'PURGE / HTTP/1.1', 'QUERY / HTTP/1.1', 'M-SEARCH / HTTP/1.1', 'GET /;x?y=z HTTP/1.1', 'GET /"x" HTTP/1.1', 'GET /{x} HTTP/1.1', 'GET / HTTP/1.1\r', 'GET /\x0b HTTP/1.1',
] // prettier-ignore

const hostLines = [
  '', 'Host: a.test\r\nHost: a.test\r\n', 'Host: a.test\r\nHost: b.test\r\n', 'Host: a.test, b.test\r\n', 'Host: a.test/x\r\n', 'Host: u@a.test\r\n', 'Host : a.test\r\n', ' Host: a.test\r\n',
  'Host: a.test \r\n', 'Host:a.test\r\n', 'Host: A.TEST\r\n', 'Host: a.test.\r\n', 'Host: a.test:80\r\n', 'Host: a.test:\r\n', 'Host: a.test:x\r\n', 'Host: a.test\x00\r\n', 'Host:\r\n',
  'Host: a.test\r\n b.test\r\n', 'Host: a.test#x\r\n', 'Host: a.test?x\r\n', 'Host: [::1]\r\n', 'host: a.test\r\n', 'H\u00f6st: a.test\r\n',
] // prettier-ignore

const connections = [
  'close', 'keep-alive', 'Close', 'close, keep-alive', 'keep-alive, close', 'Content-Length', 'Transfer-Encoding', 'Host', 'close, Content-Length', 'x, y', 'X-Body', '', ',', 'upgrade', 'te',
  'close\x00', 'Connection', 'X-Forwarded-For',
] // prettier-ignore

const lineEnds: readonly Ambiguous[] = [
  { name: 'a head in bare line feeds', text: 'POST /post HTTP/1.1\nHost: a.test\nContent-Length: 5\n\nhello' },
  { name: 'a bare line feed after the request line', text: `POST /post HTTP/1.1\n${host}Content-Length: 5\r\n\r\nhello` },
  { name: 'a bare line feed after a field', text: `${post}X-A: b\nContent-Length: 5\r\n\r\nhello` },
  { name: 'a head that ends in a bare line feed', text: `${post}Content-Length: 5\r\n\nhello` },
  { name: 'a bare carriage return in a field', text: `${post}X-A: b\rContent-Length: 5\r\n\r\nhello` },
  { name: 'a doubled carriage return', text: `${post}Content-Length: 5\r\r\n\r\nhello` },
  { name: 'a carriage return before the end of a head', text: `${post}Content-Length: 5\r\n\r\r\nhello` },
  { name: 'empty lines before the request', text: `\r\n\r\n${post}Content-Length: 5\r\n\r\nhello` },
  { name: 'bare line feeds before the request', text: `\n\n${post}Content-Length: 5\r\n\r\nhello` },
  { name: 'an empty line before the first field', text: `POST /post HTTP/1.1\r\n\r\n${host}Content-Length: 5\r\n\r\nhello` },
  { name: 'chunks in bare line feeds', text: `${post}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n` },
  { name: 'a bare line feed after a chunk', text: `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n` },
  { name: 'no end of line after a chunk', text: `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n` },
  { name: 'two bytes that are no end of line after a chunk', text: `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n` },
  { name: 'a chunk longer than it says', text: `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n` },
  { name: 'a last chunk of many zeros', text: `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n000\r\n\r\n` },
  { name: 'a last chunk with an extension', text: `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0;a=b\r\n\r\n` },
  { name: 'a folded field', text: `${post}X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello` },
  { name: 'a folded length', text: `${post}Content-Length:\r\n 5\r\n\r\nhello` },
  { name: 'a field without a colon', text: `${post}Content-Length 5\r\nContent-Length: 5\r\n\r\nhello` },
] // prettier-ignore

const both: readonly Ambiguous[] = [
  ['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n'],
  ['Content-Length: 15\r\n', 'Transfer-Encoding: chunked\r\n'],
  ['Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n'],
  ['Content-Length: 5\r\n', 'Content-Length: 5\r\n'],
  ['Content-Length: 5\r\n', 'Content-Length: 6\r\n'],
  ['Content-Length: 6\r\n', 'Content-Length: 5\r\n'],
  ['Content-Length: 0\r\n', 'Content-Length: 44\r\n'],
  ['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: chunked\r\n'],
  ['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n'],
  ['Transfer-Encoding: identity\r\n', 'Transfer-Encoding: chunked\r\n'],
  ['Transfer-Encoding: x\r\n', 'Transfer-Encoding: chunked\r\n'],
].flatMap(([one = '', two = '']) =>
  [one + two, two + one].map((fields) => ({
    name: `both of ${JSON.stringify(fields)}`,
    text: `${post}${fields}\r\n${chunkedBody}${hidden}`,
  })),
)

const others: readonly Ambiguous[] = [
  { name: 'a GET with a body', text: `GET /post HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}` },
  { name: 'a GET with chunks', text: `GET /post HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n${chunkedBody}` },
  { name: 'a HEAD with a body', text: `HEAD /post HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}` },
  { name: 'a DELETE with a body', text: `DELETE /post HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}` },
  { name: 'an OPTIONS with a body', text: `OPTIONS /post HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello` },
  { name: 'a TRACE with a body', text: `TRACE /post HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello` },
  { name: 'chunks in HTTP/1.0', text: `POST /post HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n${chunkedBody}` },
  { name: 'a length in HTTP/1.0', text: `POST /post HTTP/1.0\r\n${host}Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello` },
  { name: 'an expectation', text: `${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello` },
  { name: 'an expectation of something else', text: `${post}Expect: 200-ok\r\nContent-Length: 5\r\n\r\nhello` },
  { name: 'an expectation of a GET', text: `GET / HTTP/1.1\r\n${host}Expect: 100-continue\r\n\r\n` },
  { name: 'an expectation twice', text: `${post}Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello` },
  { name: 'a change to h2c', text: `GET / HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n${hidden}` },
  { name: 'a change of protocol with a body', text: `${post}Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\nhello` },
  { name: 'the preface of HTTP/2', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { name: 'a body that is a request', text: `${post}Content-Length: ${hidden.length}\r\n\r\n${hidden}` },
  { name: 'chunks that are a request', text: `${post}Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n` },
  { name: 'a request behind a bodyless POST', text: `${post}\r\n${hidden}` },
  { name: 'a method that is overridden', text: `${post}X-HTTP-Method-Override: GET\r\nContent-Length: 5\r\n\r\nhello` },
  { name: 'a trailer that is announced', text: `${post}Trailer: X-T\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n` },
] // prettier-ignore

export const ambiguous: readonly Ambiguous[] = [
  ...each('coding', codings, (value) => `${post}Transfer-Encoding: ${value}\r\n\r\n${chunkedBody}`),
  ...each('coding, and a length,', codings.slice(3), (value) => `${post}Content-Length: 5\r\nTransfer-Encoding: ${value}\r\n\r\n${chunkedBody}`),
  ...each('length', lengths, (value) => `${post}Content-Length: ${value}\r\n\r\nhello`),
  ...each('size', sizes, (size) => `${post}Transfer-Encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`),
  ...each('trailer', trailers, (lines) => `${post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${lines}\r\n`),
  ...each('length named', lengthNames, (name) => `${post}${name}: 5\r\n\r\nhello`),
  ...each('coding named', codingNames, (name) => `${post}${name}: chunked\r\n\r\n${chunkedBody}`),
  ...each('coding, and a length named', lengthNames, (name) => `${post}Transfer-Encoding: chunked\r\n${name}: 5\r\n\r\n${chunkedBody}`),
  ...each('line', requestLines, (line) => `${line}\r\n${host}\r\n`),
  ...each('line with a body', requestLines.slice(0, 16), (line) => `${line.replace('GET', 'POST')}\r\n${host}Content-Length: 5\r\n\r\nhello`),
  ...each('host', hostLines, (lines) => `GET / HTTP/1.1\r\n${lines}\r\n`),
  ...each('connection', connections, (value) => `${post}Connection: ${value}\r\nContent-Length: 5\r\nX-Body: 1\r\n\r\nhello`),
  ...each('connection of chunks', connections, (value) => `${post}Connection: ${value}\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedBody}`),
  ...lineEnds,
  ...both,
  ...others,
] // prettier-ignore
