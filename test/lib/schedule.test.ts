import t from 'tap'
import { parseSchedule } from '#lib/schedule.ts'

const times = (text: string, from: string, count: number): (string | undefined)[] => {
  const schedule = parseSchedule(text)
  const found: (string | undefined)[] = []
  for (let at = new Date(from); found.length < count;) {
    const next = schedule?.next(at) ?? undefined
    found.push(next?.toISOString().slice(0, 16))
    if (next === undefined) break
    at = next
  }
  return found
}

t.test('times follow each other as cron has them, in UTC', (t) => {
  const from = '2026-02-27T23:59:30.000Z'
  t.same(times('*/20 0 * * *', from, 3), [
    '2026-02-28T00:00',
    '2026-02-28T00:20',
    '2026-02-28T00:40',
  ])
  t.same(times('@daily', from, 2), ['2026-02-28T00:00', '2026-03-01T00:00'])
  t.same(times('0 9 * * MON-FRI', from, 1), ['2026-03-02T09:00'])
  t.same(times('0 0 29 2 *', from, 1), ['2028-02-29T00:00'])
  t.same(times('0 0 1 * 7', from, 2), ['2026-03-01T00:00', '2026-03-08T00:00'], 'either suffices')
  t.same(times('0 3 29-31 3 *', '2026-03-28T12:00:00Z', 2), [
    '2026-03-29T03:00',
    '2026-03-30T03:00',
  ])
  t.end()
})

t.test('a minute is one of its times, or it is not', (t) => {
  const schedule = parseSchedule('5 3 * * *')
  t.equal(schedule?.isAt(new Date('2026-02-28T03:05:00.000Z')), true)
  t.equal(schedule?.isAt(new Date('2026-02-28T03:06:00.000Z')), false)
  t.equal(schedule?.isAt(new Date('2026-02-28T15:05:00.000Z')), false)
  t.end()
})

t.test('what is no schedule, or never comes, is none', (t) => {
  const wrong = `
    daily|@reboot|@every 5m|@DAILY|* * * *|* * * * * *|60 * * * *|0 24 * * *|0 0 30 2 *|0 0 0 * *
    10-5 * * * *|*/0 * * * *|5/10 * * * *|0 0 L * *|0 0 15W * *|0 0 * * 5#2|? * * * *|0 0 * FOO *
    0  0 * * *|0 0 1 +* 1|-1 * * * *|1e1 * * * *|999999999999 * * * *|0 0 * * MONDAY| 0 0 * * *`
    .split(/\n {4}|\|/)
    .concat('0\n0 * * *')
  for (const text of wrong) t.equal(parseSchedule(text), null, JSON.stringify(text))
  t.end()
})
