import { removeKey } from '#contract/account.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    command
      .argument('<key>', 'its fingerprint, as `app keys` lists it, or its id')
      .action(async (key: string) => {
        const removed = await cli.call(removeKey, { params: { key } })
        cli.screen.answer(removed, () => [])
        cli.screen.say(`Removed ${removed.comment || 'the key'} (${removed.fingerprint}).`)
      }),
    'app keys:remove SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE',
  )
