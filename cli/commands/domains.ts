import { listDomains } from '#contract/domain.ts'
import type { Domain } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const domains = await cli.call(listDomains, { params: { app } })
      cli.screen.answer(domains, () => (domains.length === 0 ? [] : table(head, domains.map(row))))
      if (domains.length === 0) cli.screen.say(`No domain leads to "${app}".`)
    }),
    'app domains',
    'app domains -a shop --json',
  )

const head = ['DOMAIN', 'GIVEN BY', 'DNS', 'POINT DNS TO']

const state = { pending: 'not checked', succeeded: 'ok', failed: 'not here' }

function row({ hostname, kind, status, cname }: Domain): string[] {
  return [hostname, kind === 'platform' ? 'platform' : 'you', state[status], cname ?? '']
}
