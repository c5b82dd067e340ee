import { getVerification, verifyBuild, type Verified } from '#contract/build.ts'
import { failure } from '#contract/error.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { printable } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[build]', 'its id, as `app builds` lists it', 'latest')
      .action(async (build: string) => {
        const app = await appName(command, cli)
        const result = await verified(app, build, cli)
        cli.screen.answer(result, () => (result.identical ? [] : result.differences.map(line)))
        conclude(result, { app, build }, cli)
      })
      .addHelpText('after', '\nThe exit code is 6 when it is not the same.'),
    'app builds:verify',
    'app builds:verify 1a2b3c4d -a shop',
  )

async function verified(app: string, build: string, cli: Cli): Promise<Verified> {
  const { id } = await cli.call(verifyBuild, { params: { app, build } })
  cli.screen.say('Building it again, with nothing that was kept.')
  for (;;) {
    const params = { app, verification: id }
    const { result, failure: why } = await cli.call(getVerification, { params, seconds: 60 })
    if (result !== null) return result
    if (why !== null) throw failure('VERIFICATION_FAILED', { reason: why.message, hint: why.hint })
  }
}

function line({ path, how }: Verified['differences'][number]): string {
  return `${how.padEnd(8)} ${printable(path)}`
}

function conclude(
  { identical, digest, paths, differing, changed_inputs: changed }: Verified,
  { app, build }: { app: string; build: string },
  { screen }: Cli,
): void {
  if (identical) return screen.say(`All ${paths} paths are the same: ${digest}`)
  if (changed.length > 0) screen.say(`Not the same any more: ${changed.join(', ')}`)
  throw failure('BUILD_DIFFERS', { app, build, differing, paths })
}
