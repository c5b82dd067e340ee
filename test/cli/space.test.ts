import t from 'tap'
import { cancelBuild } from '#contract/build.ts'
import { failure } from '#contract/error.ts'
import { collectGarbage, pruneBuilds } from '#contract/space.ts'
import { openDesk } from './app.ts'
import { someBuild } from './canned.ts'

const collected = {
  dry_run: true,
  freed: [
    { kind: 'slugs', count: 3, size: 45_600_000 },
    { kind: 'images', count: 1, size: 1_200_000_000 },
  ],
  size: 1_245_600_000,
  free: 52_000_000_000,
}

t.test('builds:cancel says what it cancelled', async (t) => {
  const desk = await openDesk(t)
  const pending = { ...someBuild, status: 'cancelled', stage: 'cancelled', release: null } as const
  desk.fake.on(cancelBuild, () => ({ body: pending }))
  const got = await desk.app(['builds:cancel', '-a', 'shop'])
  t.match(got, { code: 0, stdout: '', stderr: 'Cancelled build 1a2b3c4d of "shop"' })
  desk.fake.on(cancelBuild, () => ({ body: someBuild }))
  t.match((await desk.app(['builds:cancel', '-a', 'shop'])).stderr, 'Cancelled v3 of "shop"')
  desk.fake.on(cancelBuild, () => {
    throw failure('BUILD_ENDED', { app: 'shop', build: '1a2b3c4d', reason: 'it has failed' })
  })
  const late = await desk.app(['builds:cancel', '1a2b3c4d', '-a', 'shop'])
  t.match(late.stderr, 'Build 1a2b3c4d of "shop" cannot be cancelled: it has failed.')
})

t.test('gc and builds:prune show numbers', async (t) => {
  const desk = await openDesk(t)
  desk.fake.on(collectGarbage, () => ({ body: collected }))
  const told = await desk.app(['gc', '--dry-run'])
  t.match(told.stdout, /^WHAT +COUNT +SIZE\nslugs +3 +45\.6 MB\nimages +1 +1\.2 GB\n$/)
  t.equal(told.stderr, 'Would free 1.2 GB; 52.0 GB are free now.\n')
  t.same(desk.fake.last(collectGarbage)?.body, { dry_run: true })
  desk.fake.on(pruneBuilds, () => ({ body: { ...collected, dry_run: false, freed: [], size: 0 } }))
  t.match((await desk.app(['builds:prune', '-a', 'shop'])).stderr, /^Nothing can go; 52\.0 GB/)
})
