import t from 'tap'
import { passwordsOf, Redactor, secretsOf } from '#builder/build/redact.ts'

function redact(secrets: readonly string[], chunks: readonly string[]): string {
  const redactor = new Redactor(secrets)
  const shown = chunks.map((chunk) => redactor.push(Buffer.from(chunk)))
  return Buffer.concat([...shown, redactor.end()]).toString()
}

t.test('a secret is hidden wherever the chunks are cut', async (t) => {
  const text = 'password=s3cr3t-value; again s3cr3t-value.'
  for (let cut = 0; cut <= text.length; cut += 1) {
    const shown = redact(['s3cr3t-value'], [text.slice(0, cut), text.slice(cut)])
    t.equal(shown, 'password=[hidden]; again [hidden].', `cut at ${cut}`)
  }
  t.equal(redact(['s3cr3t-value'], Array.from(text)), 'password=[hidden]; again [hidden].')
})

t.test('what only looks like the beginning of a secret is shown in the end', async (t) => {
  t.equal(redact(['aaaaab'], ['aaaa', 'aaa', 'aab', 'aaaaa']), 'aaaa[hidden]aaaaa')
})

t.test('of two secrets that begin alike the longer one is hidden whole', async (t) => {
  t.equal(redact(['secret', 'secret-tail'], ['x secret-tail secret y']), 'x [hidden] [hidden] y')
})

t.test('secrets that overlap are hidden as one', async (t) => {
  t.equal(redact(['abcdef', 'defghi'], ['x abcd', 'efghi y']), 'x [hidden] y')
})

t.test('of two secrets that begin alike the longer one is hidden whole across a cut', async (t) => {
  t.equal(redact(['secret', 'secret-tail'], ['x secret', '-tail y']), 'x [hidden] y')
})

t.test('short and ordinary values are no secrets; lines of a long one are', async (t) => {
  const config = {
    A: 'abc',
    B: 'production',
    C: 'long enough',
    D: 'line one\nline two',
    E: 'http://me/',
  }
  const secrets = secretsOf(config, ['http://me/'])
  t.strictSame(secrets, ['long enough', 'line one\nline two', 'line one', 'line two'])
})

const secret = 'p@ss word/with+signs?&"x"'

t.test('a secret is hidden in base64, wherever it begins and however it is cut', async (t) => {
  for (let lead = 0; lead < 6; lead += 1) {
    const whole = Buffer.from(`${'x'.repeat(lead)}${secret}yy`).toString('base64')
    for (const alphabet of ['base64', 'base64url'] as const) {
      const text = Buffer.from(whole, 'base64').toString(alphabet)
      for (let cut = 0; cut <= text.length; cut += 5) {
        const shown = redact([secret], [`a ${text.slice(0, cut)}`, `${text.slice(cut)} b\n`])
        t.match(
          shown,
          /^a .{0,9}\[hidden\].{0,6} b\n$/,
          `${alphabet}, ${lead} before, cut at ${cut}`,
        )
      }
    }
  }
})

t.test('base64 that is broken into lines is hidden all the same', async (t) => {
  const key = 'a key that is much longer than one line of base64 has room for, as keys are'
  const lines = Buffer.from(key)
    .toString('base64')
    .replace(/(.{38})/g, '$1\r\n       ')
  const shown = redact([key], Array.from(lines).concat('\nnext line'))
  t.match(shown, /^\[hidden\].{0,4}\nnext line$/)
})

t.test(
  'a line that ends as base64 may begin is shown after a pause; half a secret is not',
  async (t) => {
    const redactor = new Redactor(['s3cr3t-value'])
    const start = Buffer.from('s3cr3t-value').toString('base64').slice(0, 1)
    t.equal(redactor.push(Buffer.from(`class${start}\n`)).toString(), 'class')
    t.equal(redactor.pause().toString(), `${start}\n`)
    t.equal(redactor.push(Buffer.from('and s3cr3t')).toString(), 'and ')
    t.equal(redactor.pause().toString(), '')
    t.equal(redactor.push(Buffer.from('-value!')).toString(), '[hidden]!')
  },
)

t.test('a secret is hidden in a URL, in JSON and in hexadecimal', async (t) => {
  const forms = [
    `https://x/?q=${encodeURIComponent(secret)}`,
    `https://x/?q=${encodeURIComponent(secret).toLowerCase()}`,
    `https://x/?${new URLSearchParams({ q: secret }).toString()}`,
    JSON.stringify({ secret }),
    Buffer.from(secret).toString('hex'),
  ]
  for (const form of forms.slice(1)) {
    const shown = redact([secret], [form])
    t.match(shown, '[hidden]', form)
    t.notMatch(shown, /word|776f7264/i, form)
  }
})

t.test('the password of a URL is a secret of its own', async (t) => {
  const config = { DATABASE_URL: 'postgres://shop:p%40ssw0rd@db.example.com/shop' }
  const secrets = secretsOf(config)
  const tries = ['password p@ssw0rd was refused', 'for shop:p%40ssw0rd@other', config.DATABASE_URL]
  for (const text of tries) t.notMatch(redact(secrets, [text]), /ssw0rd/)
  t.strictSame(passwordsOf({ HTTP_PROXY: 'http://proxy:3128', NPM: 'https://npm/' }), [])
  t.match(passwordsOf({ HTTPS_PROXY: 'http://me:hunter2-x@proxy:3128' }), [
    'me:hunter2-x',
    'hunter2-x',
  ])
})

t.test('many secrets and much output cost little time', async (t) => {
  const secrets = Array.from({ length: 500 }, (_, n) => `${n}-secret-value-${n * 7919}`)
  const redactor = new Redactor(secrets)
  const chunk = Buffer.from(
    'npm http fetch GET 200 https://registry.example.com/x 12ms\n'.repeat(1000),
  )
  const beganAt = performance.now()
  for (let n = 0; n < 140; n += 1) redactor.push(chunk)
  t.ok(performance.now() - beganAt < 4000, `${Math.round(performance.now() - beganAt)} ms for 8 MB`)
})
