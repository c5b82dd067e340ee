import { addDomain } from '#contract/domain.ts'
import type { Domain } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<hosts...>', 'names such as shop.example.org; *.example.org: one label more')
      .action(async (hosts: string[]) => {
        const app = await appName(command, cli)
        const added: Domain[] = []
        for (const hostname of hosts) {
          const domain = await cli.call(addDomain, { params: { app }, body: { hostname } })
          added.push(domain)
          cli.screen.say(`${domain.hostname} leads to "${domain.app.name}" now.`)
        }
        cli.screen.answer(added, () => [])
        const { paint } = cli.screen
        for (const line of next(added)) cli.screen.say(`${paint('cyan', 'hint:')} ${line}`)
      }),
    'app domains:add shop.example.org',
    "app domains:add example.org '*.example.org' -a shop",
  )

function next(added: readonly Domain[]): string[] {
  const cname = added.find((domain) => domain.cname !== null)?.cname
  if (cname === undefined) return []
  return [`point their DNS to ${cname} (a CNAME record), then see: app domains:check`]
}
