import t from 'tap'
import { age, ago, size } from '#cli/time.ts'

const now = Date.parse('2026-01-31T12:00:00.000Z')
const before = (seconds: number): string => new Date(now - seconds * 1000).toISOString()

t.test('times are told as people tell them', async (t) => {
  const told: [seconds: number, ago: string, age: string][] = [
    [-30, 'just now', '0s'],
    [2, 'just now', '2s'],
    [42, '42 s ago', '42s'],
    [60, '1 min ago', '1m'],
    [3 * 3600, '3 h ago', '3h'],
    [30 * 3600, 'yesterday', '1d'],
    [5 * 86_400, '5 days ago', '5d'],
    [20 * 86_400, '2026-01-11', '20d'],
  ]
  for (const [seconds, inWords, short] of told) {
    t.equal(ago(before(seconds), now), inWords)
    t.equal(age(before(seconds), now), short)
  }
})

t.test('sizes are told in the largest fitting unit', async (t) => {
  t.same([999, 1200, 18_400_000, 2_500_000_000].map(size), ['999 B', '1.2 kB', '18.4 MB', '2.5 GB'])
})
