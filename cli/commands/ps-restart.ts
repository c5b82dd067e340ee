import { failure } from '#contract/error.ts'
import { listDynos, restartAll, restartOne } from '#contract/process.ts'
import type { Dyno } from '#contract/process.ts'
import { appName } from '#cli/app-name.ts'
import type { Cli } from '#cli/cli.ts'
import { aboutApp, examples, waits } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { showDeployment, whileDeploying } from '#cli/deployment.ts'
import { untilDynos } from '#cli/dynos.ts'

export const define: Define = (command, cli) =>
  examples(
    waits(aboutApp(command))
      .argument('[process]', 'only this one, e.g. web.1; a one-off (run.4821, cron.1) is ended')
      .action(async (process: string | undefined, { wait }: { wait: boolean }) => {
        const app = await appName(command, cli)
        const step = process === undefined ? all(app, wait, cli) : one(app, process, wait, cli)
        const answer = await step
        cli.screen.answer(answer, () => [])
      }),
    'app ps:restart',
    'app ps:restart web.1 -a shop',
  )

interface Restarted {
  readonly version: number
}

async function all(app: string, wait: boolean, cli: Cli): Promise<Restarted> {
  const { version } = await cli.call(restartAll, { params: { app } })
  cli.screen.say(`Restarting "${app}" (v${version}).`)
  if (wait) await whileDeploying({ app }, cli, () => showDeployment({ app, version }, cli))
  return { version }
}

async function one(app: string, dyno: string, wait: boolean, cli: Cli): Promise<Restarted> {
  const before = (await cli.call(listDynos, { params: { app } })).find(({ name }) => name === dyno)
  if (before === undefined) throw failure('DYNO_NOT_FOUND', { app, dyno })
  const answer = await cli.call(restartOne, { params: { app, dyno }, seconds: 60 })
  const isOneOff = before.type === 'run'
  cli.screen.say(isOneOff ? `Ended ${dyno}.` : `Restarting ${dyno}.`)
  if (wait && !isOneOff) {
    await whileDeploying({ app }, cli, () => untilBack(app, before, cli))
  }
  return answer
}

async function untilBack(app: string, before: Dyno, cli: Cli): Promise<void> {
  const isNew = (dyno: Dyno): boolean =>
    dyno.name === before.name && dyno.created_at !== before.created_at
  const isBack = (dynos: readonly Dyno[]): boolean =>
    dynos.some((dyno) => isNew(dyno) && dyno.state === 'up')
  await untilDynos(app, isBack, { cli, awaited: isNew })
  cli.screen.say(`${cli.screen.paint('green', 'success:')} ${before.name} is up.`)
}
