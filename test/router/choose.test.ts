import t from 'tap'
import { openNetwork } from '#router/transport/choose.ts'

/** A Node whose inside of TLS is another one, for all that is loaded from here on. */
function changeTls(): void {
  const inside = process as unknown as { binding: (name: string) => object }
  const { binding } = inside
  const wrap = (): never => {
    throw new TypeError('wrap takes other arguments')
  }
  inside.binding = (name) => (name === 'tls_wrap' ? { wrap } : binding(name))
}

t.test('where TLS cannot be done the fast way, all is done the documented one', async (t) => {
  changeTls()
  const onBug = (error: unknown): void => void t.fail(String(error))
  const { kind, reason } = await openNetwork('auto', onBug, { tls: true })
  t.equal(kind, 'net')
  t.match(reason, /^handle failed its test: /)
  t.comment(reason)
  t.equal((await openNetwork('auto', onBug)).kind, 'handle', 'without TLS that does not matter')
})
