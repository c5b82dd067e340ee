import { whoAmI } from '#contract/account.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    command.action(async () => {
      const account = await cli.call(whoAmI)
      cli.screen.answer(account, () => account.email)
    }),
    'app whoami',
    'app whoami --json',
  )
