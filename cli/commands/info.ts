import { getApp } from '#contract/app.ts'
import type { App } from '#contract/app.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { facts } from '#cli/table.ts'
import { ago, size } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await cli.call(getApp, { params: { app: await appName(command, cli) } })
      cli.screen.answer(app, () => facts(describe(app)))
    }),
    'app info',
    'app info -a shop --json',
  )

function describe(app: App): Record<string, string | null> {
  return {
    Name: app.name,
    Address: app.web_url,
    'Git remote': app.git_url,
    Owner: app.owner.email,
    Environment: app.environment.name,
    Stack: app.stack.name,
    Root: app.root,
    Dockerfile: app.dockerfile,
    Created: ago(app.created_at),
    Released: app.released_at === null ? 'never' : ago(app.released_at),
    Slug: app.slug_size === null ? null : size(app.slug_size),
  }
}
