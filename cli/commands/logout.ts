import { logOut } from '#contract/account.ts'
import { SlipwayError } from '#contract/error.ts'
import type { Cli } from '#cli/cli.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { forget } from '#cli/credentials.ts'

export const define: Define = (command, cli) =>
  examples(
    command.action(() => logout(cli)),
    'app logout',
  )

/** Forgotten here in any case; a server that cannot be reached is reported afterwards. */
async function logout(cli: Cli): Promise<void> {
  const server = await cli.server()
  try {
    await cli.call(logOut)
  } catch (error) {
    const isGone = error instanceof SlipwayError && error.code === 'UNAUTHORIZED'
    if (!isGone) throw error
  } finally {
    await forget(cli.credentialsPath, server)
  }
  cli.screen.answer({ server }, () => [])
  cli.screen.say(`Logged out from ${server}.`)
  if (cli.env['DEIS_TOKEN']) cli.screen.say('DEIS_TOKEN is still set in this shell.')
}
