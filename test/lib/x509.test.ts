import { spawnSync } from 'node:child_process'
import { createPublicKey, X509Certificate } from 'node:crypto'
import t from 'tap'
import { integer, octets, oid, readValues, sequence } from '#lib/der.ts'
import { certificateRequest, makeKey, selfSigned, toPem } from '#lib/x509.ts'

/** All it says; what it finds wrong may be in its words alone. */
function openssl(args: readonly string[], input: string): string {
  const { stdout, stderr } = spawnSync('openssl', args, { input, encoding: 'utf8' })
  return stdout + stderr
}

t.test('openssl reads a request and finds its signature right', async (t) => {
  const key = await makeKey()
  // More than 255 bytes of names, so that lengths of two bytes are written too.
  const names = ['shop.example.org', '*.example.org', `${'a'.repeat(60)}.${'b'.repeat(200)}.org`]
  const pem = toPem('CERTIFICATE REQUEST', certificateRequest(names, key))
  const text = openssl(['req', '-verify', '-noout', '-text', '-pubkey'], pem)
  t.match(text, /verify OK/)
  for (const name of names) t.match(text, `DNS:${name}`)
  t.match(text, createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString().trim())
})

t.test('a request that was changed is found out', async (t) => {
  const der = certificateRequest(['shop.example.org'], await makeKey())
  der[der.indexOf('shop')] = 'S'.charCodeAt(0)
  const input = toPem('CERTIFICATE REQUEST', der)
  t.match(openssl(['req', '-verify', '-noout'], input), /verify failure/)
})

t.test('a certificate signed by its own key is one, with its extensions', async (t) => {
  const key = await makeKey()
  const content = octets(Buffer.alloc(32, 7))
  const der = selfSigned(
    {
      subject: 'a test',
      names: ['shop.example.org'],
      from: new Date('2026-01-31T10:00:00Z'),
      until: new Date('2056-01-31T10:00:00Z'),
      extensions: [{ oid: '1.3.6.1.5.5.7.1.31', isCritical: true, content }],
    },
    key,
  )
  const certificate = new X509Certificate(der)
  t.ok(certificate.verify(createPublicKey(key)))
  t.ok(certificate.checkPrivateKey(key))
  t.equal(certificate.subjectAltName, 'DNS:shop.example.org')
  t.match(certificate.validTo, 'Jan 31 10:00:00 2056')
  const text = openssl(['x509', '-noout', '-text'], toPem('CERTIFICATE', der))
  t.match(text, /1\.3\.6\.1\.5\.5\.7\.1\.31: critical/)
})

t.test('what is written is read again', async (t) => {
  const [outer, ...more] = readValues(sequence(integer(Buffer.of(0, 0x80)), oid('2.5.29.17')))
  t.same(more, [])
  const [number, id] = readValues(outer?.content ?? Buffer.of())
  t.same(number?.content, Buffer.of(0, 0x80), 'a number above 127 is not a negative one')
  t.same(id?.content, Buffer.from('551d11', 'hex'))
  t.throws(() => readValues(Buffer.of(0x30, 5, 1)), RangeError)
})
