import t from 'tap'
import { Redactor, secretsOf } from '#builder/build/redact.ts'

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
