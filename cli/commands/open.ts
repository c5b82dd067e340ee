import { spawn } from 'node:child_process'
import { getApp } from '#contract/app.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('--print', 'only print the address')
      .action(async ({ print }: { print?: true }) => {
        const app = await cli.call(getApp, { params: { app: await appName(command, cli) } })
        cli.screen.answer(app, () => app.web_url)
        if (!print && !cli.screen.isJson) openPage(app.web_url, cli)
      }),
    'app open',
    'curl "$(app open --print)"',
  )

/** Hands the address to the desktop, where there is one; it is printed in any case. */
function openPage(url: string, { env, screen }: Cli): void {
  const opener = findOpener(env)
  if (opener === undefined || !/^https?:/.test(url)) return
  const child = spawn(opener, [url], { detached: true, stdio: 'ignore' })
  child.on('error', () => screen.say(`${opener} could not be started; open the address yourself.`))
  child.unref()
}

function findOpener(env: Cli['env']): string | undefined {
  if (process.platform === 'darwin') return 'open'
  const hasDesktop = Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'])
  return hasDesktop ? 'xdg-open' : undefined
}
