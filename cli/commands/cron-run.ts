import { runCron } from '#contract/cron.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples, wholeNumber } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { usage } from '#cli/failure.ts'

/** One that goes on may have to be stopped first. */
const seconds = 120

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command)
      .argument('<number>', 'which, as `app cron` numbers them')
      .action(async (text: string) => {
        const number = wholeNumber(text, 1, 9999)
        if (number === undefined)
          throw usage(`"${text}" is not a number of \`app cron\`.`, 'cron:run')
        const app = await appName(command, cli)
        const params = { app, number: String(number) }
        const dyno = await cli.call(runCron, { params, seconds })
        cli.screen.answer(dyno, () => dyno.name)
        cli.screen.say(`It runs. See its output: app logs -f --process ${dyno.name} -a ${app}`)
      }),
    'app cron:run 1',
    'app cron:run 2 -a shop',
  )
