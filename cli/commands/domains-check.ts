import { checkDomain, listDomains } from '#contract/domain.ts'
import type { DomainCheck } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { printable } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('[hosts...]', 'which domains (default: all that you added)')
      .addHelpText('after', '\nThe exit code is 1 when the DNS of one of them does not lead here.')
      .action(async (named: string[]) => {
        const app = await appName(command, cli)
        const hosts = named.length > 0 ? named : await ownHosts(app, cli)
        const checks: DomainCheck[] = []
        for (const domain of hosts) checks.push(await check(app, domain, cli))
        if (cli.screen.isJson) cli.screen.answer(checks, () => [])
        if (hosts.length === 0) cli.screen.say(`"${app}" has no domain but the one it was given.`)
        if (checks.some(({ verdict }) => verdict !== 'here')) process.exitCode = 1
      }),
    'app domains:check',
    'app domains:check shop.example.org -a shop',
  )

async function ownHosts(app: string, cli: Cli): Promise<string[]> {
  const domains = await cli.call(listDomains, { params: { app } })
  return domains.filter(({ kind }) => kind === 'custom').map(({ hostname }) => hostname)
}

/** Told one by one: DNS may take its time. */
async function check(app: string, domain: string, cli: Cli): Promise<DomainCheck> {
  const { screen } = cli
  const checked = await cli.call(checkDomain, { params: { app, domain } })
  if (screen.isJson) return checked
  screen.print(printable(checked.message))
  if (checked.hint !== '') screen.say(`${screen.paint('cyan', 'hint:')} ${printable(checked.hint)}`)
  return checked
}
