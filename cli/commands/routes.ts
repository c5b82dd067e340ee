import { listDomains, listRoutes } from '#contract/domain.ts'
import type { AppRoute, Domain } from '#contract/domain.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const params = { app: await appName(command, cli) }
      const routes = await cli.call(listRoutes, { params })
      if (cli.screen.isJson) return cli.screen.answer(routes, () => [])
      const domains = await cli.call(listDomains, { params })
      const rows = [...whole(domains, routes), ...routes.map(row)]
      cli.screen.answer(routes, () => (rows.length === 0 ? [] : table(head, rows)))
      if (rows.length === 0) cli.screen.say(`Nothing leads to "${params.app}".`)
    }),
    'app routes',
    'app routes -a shop --json',
  )

const head = ['ROUTE', 'LEADS TO']

/** Each domain leads to its app, unless all of it is redirected. */
function whole(domains: readonly Domain[], routes: readonly AppRoute[]): string[][] {
  const redirected = new Set(routes.filter(({ path }) => path === '/').map(({ host }) => host))
  return domains
    .filter(({ hostname }) => !redirected.has(hostname))
    .map(({ hostname, app }) => [`${hostname}/`, app.name])
}

function row({ host, path, app, strip, redirect }: AppRoute): string[] {
  const target = strip ? `${app.name}, without ${path}` : app.name
  const to = redirect === null ? target : `redirect to ${redirect.to} (${redirect.status})`
  return [`${host}${path}`, to]
}
