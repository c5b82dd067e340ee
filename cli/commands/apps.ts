import { listApps } from '#contract/app.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import { ago } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    command.action(async () => {
      const apps = await cli.call(listApps)
      const rows = apps.map(({ name, web_url, owner, released_at }) => [
        name,
        web_url,
        owner.email,
        released_at === null ? 'never' : ago(released_at),
      ])
      const head = ['NAME', 'ADDRESS', 'OWNER', 'RELEASED']
      cli.screen.answer(apps, () => (apps.length === 0 ? [] : table(head, rows)))
      if (apps.length === 0) cli.screen.say('You have no apps yet. Make one: app create')
    }),
    'app apps',
    "app apps --json | jq -r '.[].name'",
  )
