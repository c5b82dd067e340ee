import { openPlatform } from '#test/system/harness.ts'
import type { TestApp } from '#test/system/harness.ts'
import { keyPath } from '#scripts/platform/settings.ts'
import { median, row, timed } from './figures.ts'
import { openPeer } from './openssh.ts'

/**
 * Wall time of a push at the client, ours beside OpenSSH with a bare repository, in turn.
 * `ROUNDS` (20) pushes of each kind, `COLD_ROUNDS` (the same) of the cold one.
 */
const rounds = Number(process.env['ROUNDS'] ?? 20)
const coldRounds = Number(process.env['COLD_ROUNDS'] ?? rounds)
const sample = 'node-large'

const slipway = await openPlatform()
const peer = await openPeer(keyPath(slipway.platform, 'test_ed25519'))
try {
  console.log(row(['push', 'Slipway, ms', 'OpenSSH + bare repository, ms', 'ratio']))
  console.log(row(['---', '---', '---', '---']))
  const app = await slipway.newApp(sample)
  await ours(app)
  await peer.push(app.folder, 'warm')
  await compare('no-op', rounds, async () => app)
  await compare('new commit, same tree', rounds, async () => {
    await app.commit('Again')
    return app
  })
  await compare('one changed line, dependencies cached', rounds, async (round) => {
    await app.change('change.txt', `line ${round}\n`)
    return app
  })
  await compare('cold (new app, 250 packages)', coldRounds, () => slipway.newApp(sample))
} finally {
  peer.close()
  await slipway.close()
}

async function compare(
  kind: string,
  times: number,
  prepare: (round: number) => Promise<TestApp>,
): Promise<void> {
  const figures: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] }
  for (let round = 0; round < times; round += 1) {
    const app = await prepare(round)
    const bare = kind.startsWith('cold') ? `cold-${round}` : 'warm'
    figures.ours.push(await timed(() => ours(app)))
    figures.theirs.push(await timed(() => peer.push(app.folder, bare)))
  }
  const [a, b] = [median(figures.ours), median(figures.theirs)]
  console.log(row([kind, a, b, (a / b).toFixed(2)]))
}

async function ours(app: TestApp): Promise<void> {
  const push = await app.push()
  if (push.code !== 0) throw new Error(`the push was refused: ${push.output}`)
}
