import { listDynos, listFormation } from '#contract/process.ts'
import type { Dyno, Formation } from '#contract/process.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import { age } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const params = { app }
      if (cli.screen.isJson) {
        return cli.screen.answer(await cli.call(listDynos, { params }), () => [])
      }
      const [dynos, formation] = await Promise.all([
        cli.call(listDynos, { params }),
        cli.call(listFormation, { params }),
      ])
      const rows = [...dynos.map(row), ...stopped(formation)]
      cli.screen.answer(dynos, () => (rows.length === 0 ? [] : table(head, rows)))
      if (rows.length === 0) cli.screen.say(`Nothing runs: "${app}" has no code yet.`)
      for (const { type, quantity } of missing(formation, dynos)) {
        cli.screen.say(`${type} should run ${quantity} times and does not run at all.`)
      }
    }),
    'app ps',
    'app ps -a shop --json',
  )

const head = ['NAME', 'STATE', 'RELEASE', 'AGE', 'COMMAND']

function row({ name, state, release, created_at, command }: Dyno): string[] {
  return [name, state, `v${release.version}`, age(created_at), command]
}

/** Process types of which no copy should run. */
function stopped(formation: readonly Formation[]): string[][] {
  return formation
    .filter(({ quantity }) => quantity === 0)
    .map(({ type, command }) => [type, 'scaled to 0', '', '', command])
}

function missing(formation: readonly Formation[], dynos: readonly Dyno[]): Formation[] {
  return formation.filter(
    ({ type, quantity }) => quantity > 0 && !dynos.some((dyno) => dyno.type === type),
  )
}
