import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { changeEdge } from '#cli/edge.ts'

/** Not sending it changes nothing for browsers that saw it; an age of nothing does. */
const forget = { max_age: 0, include_subdomains: false, preload: false }

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .option('--forget', 'tell browsers that saw it to forget it (max-age=0)')
      .action(async (options: { forget?: true }) => {
        const app = await appName(command, cli)
        const done = options.forget
          ? `Browsers that come to "${app}" by https forget that they had to.`
          : `HSTS is sent for "${app}" no more; browsers that saw it keep to https while it lasts.`
        await changeEdge(app, { hsts: options.forget ? forget : null }, done, cli)
      }),
    'app hsts:unset',
    'app hsts:unset --forget -a shop',
  )
