import { listKeys } from '#contract/account.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import { ago } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    command.action(async () => {
      const keys = await cli.call(listKeys)
      const rows = keys.map((key) => [key.comment, key.fingerprint, ago(key.created_at)])
      cli.screen.answer(keys, () =>
        keys.length === 0 ? [] : table(['NAME', 'FINGERPRINT', 'ADDED'], rows),
      )
      if (keys.length === 0) cli.screen.say('You have no SSH key here yet. Add one: app keys:add')
    }),
    'app keys',
  )
