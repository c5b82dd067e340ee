import { listCron } from '#contract/cron.ts'
import type { CronJob } from '#contract/cron.ts'
import { appName } from '#cli/app-name.ts'
import { aboutApp, examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import { ago, soon } from '#cli/time.ts'

export const define: Define = (command, cli) =>
  examples(
    aboutApp(command).action(async () => {
      const app = await appName(command, cli)
      const jobs = await cli.call(listCron, { params: { app } })
      cli.screen.answer(jobs, () => (jobs.length === 0 ? [] : table(head, jobs.map(row))))
      if (jobs.length === 0) {
        cli.screen.say(
          `"${app}" runs nothing by schedule. Say what in "cron" of app.json, and push.`,
        )
      }
    }),
    'app cron',
    'app cron -a shop --json',
    'app logs -a shop --process cron',
  )

const head = ['', 'SCHEDULE', 'NEXT (UTC)', 'LAST RUN', 'COMMAND']

function row(job: CronJob): string[] {
  const { number, schedule, command } = job
  return [String(number), schedule, next(job), last(job.last_run), command]
}

/** `03:00, in 5 h`; `2026-02-01 03:00, in 3 days` when that is not within a day. */
function next({ next_run_at: time }: CronJob, nowMs = Date.now()): string {
  if (time === null) return 'by hand only'
  const isFar = Date.parse(time) - nowMs >= 86_400_000
  const date = isFar ? `${time.slice(0, 10)} ` : ''
  return `${date}${time.slice(11, 16)}, ${soon(time, nowMs)}`
}

function last(run: CronJob['last_run']): string {
  if (run === null) return 'never'
  const { due_at, started_at, ended_at, exit_code } = run
  const when = ago(started_at ?? due_at)
  if (ended_at === null) return `${when}, goes on`
  if (started_at === null) return `${when}, was not started`
  return exit_code === null ? `${when}, exit code unknown` : `${when}, exit code ${exit_code}`
}
