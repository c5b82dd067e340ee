import t from 'tap'
import { starves } from '#driver/docker/starving.ts'

const atFirst = { totalMs: 100_000, unusedMs: 50_000, buildsMs: 7000 }

function later(unusedMs: number, buildsMs: number) {
  return {
    totalMs: atFirst.totalMs + 4000,
    unusedMs: atFirst.unusedMs + unusedMs,
    buildsMs: atFirst.buildsMs + buildsMs,
  }
}

void t.test('builds starve where others leave nothing of the host', async (t) => {
  t.equal(starves(atFirst, later(0, 12)), true)
})

void t.test('builds that do the filling themselves do not starve', async (t) => {
  t.equal(starves(atFirst, later(0, 3900)), false)
})

void t.test('builds that wait for something else do not starve', async (t) => {
  t.equal(starves(atFirst, later(2000, 0)), false)
})
