import t from 'tap'
import { startLoop } from '#lib/loop.ts'

const onError = (error: unknown): void => {
  throw error
}

t.test('kicks during a pass make exactly one more pass', async (t) => {
  let passes = 0
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const loop = startLoop(
    async () => {
      passes += 1
      if (passes === 1) await first.promise
      if (passes === 2) second.resolve()
    },
    { everyMs: 60_000, onError },
  )
  loop.kick()
  loop.kick()
  first.resolve()
  await second.promise
  await loop.close()
  t.equal(passes, 2)
})

t.test('a pass that throws is reported and the loop goes on', async (t) => {
  const errors: unknown[] = []
  const again = Promise.withResolvers<void>()
  let passes = 0
  const loop = startLoop(
    async () => {
      passes += 1
      if (passes === 1) throw new Error('the first')
      again.resolve()
    },
    { everyMs: 1, onError: (error) => errors.push(error) },
  )
  await again.promise
  await loop.close()
  t.match(errors, [{ message: 'the first' }])
})
