import { getApp, getConfig, listApps, setConfig } from '#contract/app.ts'
import { cancelBuild, listBuilds } from '#contract/build.ts'
import { openLog } from '#contract/log.ts'
import { listDynos, restartAll, restartOne, scale } from '#contract/process.ts'
import { listReleases, rollBack } from '#contract/release.ts'
import { Refused } from '#builder/refused.ts'
import type { Asking, RemoteCommand, Typed } from './asking.ts'
import { readConfigPairs, readQuantities } from './pairs.ts'
import { table } from './table.ts'

type Run = RemoteCommand['run']

function ofApp(
  usage: string,
  summary: string,
  words: readonly [number, number],
  run: Run,
): RemoteCommand {
  return { usage: `-a APP${usage === '' ? '' : ` ${usage}`}`, summary, needsApp: true, words, run }
}

const usualCount = 15
const most = 100

/** The commands of `ssh git@HOST COMMAND`, in the order `help` lists them. */
export const remoteCommands: Readonly<Record<string, RemoteCommand>> = {
  whoami: {
    usage: '',
    summary: 'Show who you are.',
    needsApp: false,
    words: [0, 0],
    run: ({ email, print }) => print(email),
  },
  apps: {
    usage: '',
    summary: 'List your apps.',
    needsApp: false,
    words: [0, 0],
    run: async (asking) => {
      const apps = await asking.call(listApps)
      const rows = apps.map(({ name, web_url, owner }) => [name, web_url, owner.email])
      await printAll(asking, table(['NAME', 'PAGE', 'OWNER'], rows))
    },
  },
  info: ofApp('', 'Show an app.', [0, 0], async (asking, typed) => {
    const app = await asking.call(getApp, paramsOf(typed))
    const rows = [
      ['Page', app.web_url],
      ['Git remote', app.git_url],
      ['Owner', app.owner.email],
    ]
    await printAll(asking, table([app.name, ''], rows))
  }),
  ps: ofApp('', 'Show what runs.', [0, 0], async (asking, typed) => {
    const dynos = await asking.call(listDynos, paramsOf(typed))
    const rows = dynos.map((one) => [one.name, one.state, `v${one.release.version}`, one.command])
    await printAll(asking, table(['NAME', 'STATE', 'RELEASE', 'COMMAND'], rows))
  }),
  'ps:scale': ofApp('TYPE=N...', 'Change how many copies run.', [1, 20], async (asking, typed) => {
    const updates = readQuantities(typed.words)
    const formation = await asking.call(scale, { ...paramsOf(typed), body: { updates } })
    const rows = formation.map(({ type, quantity }) => [type, String(quantity)])
    await printAll(asking, table(['TYPE', 'COPIES'], rows))
  }),
  'ps:restart': ofApp(
    '[PROCESS]',
    'Restart all, or one process.',
    [0, 1],
    async (asking, typed) => {
      const [dyno] = typed.words
      if (dyno === undefined) await asking.call(restartAll, paramsOf(typed))
      else await asking.call(restartOne, { params: { app: typed.app, dyno } })
      await asking.print(`Restarting ${dyno ?? `"${typed.app}"`}.`)
    },
  ),
  logs: ofApp('[-n LINES] [-t]', 'Show the log; -t stays.', [0, 0], async (asking, typed) => {
    const body = { lines: Math.min(typed.count ?? most, 10_000), tail: typed.tail }
    const { logplex_url: url } = await asking.call(openLog, { ...paramsOf(typed), body })
    await asking.copy(url)
  }),
  config: ofApp('', 'Show the config.', [0, 0], async (asking, typed) => {
    const config = await asking.call(getConfig, paramsOf(typed))
    await printAll(asking, table(['KEY', 'VALUE'], Object.entries(config)))
  }),
  'config:get': ofApp('KEY', 'Print one value.', [1, 1], async (asking, typed) => {
    const config = await asking.call(getConfig, paramsOf(typed))
    const [key = ''] = typed.words
    const value = Object.hasOwn(config, key) ? config[key] : undefined
    if (value === undefined) throw refused(`"${typed.app}" has no config var ${key}`, 'config')
    await asking.print(value)
  }),
  'config:set': ofApp('KEY=VALUE...', 'Set config; makes a release.', [1, 100], (asking, typed) =>
    changeConfig(asking, typed, readConfigPairs(typed.words)),
  ),
  'config:unset': ofApp('KEY...', 'Unset config; makes a release.', [1, 100], (asking, typed) =>
    changeConfig(asking, typed, Object.fromEntries(typed.words.map((key) => [key, null]))),
  ),
  releases: ofApp('[-n NUMBER]', 'List releases, newest first.', [0, 0], async (asking, typed) => {
    const count = Math.min(typed.count ?? usualCount, most)
    const headers = { range: `version ..; order=desc,max=${count}` }
    const releases = await asking.call(listReleases, { ...paramsOf(typed), headers })
    const rows = releases.map(({ version, current, status, description, user }) => [
      `v${version}`,
      current ? 'current' : status,
      description,
      user.email,
    ])
    await printAll(asking, table(['RELEASE', 'STATUS', 'DESCRIPTION', 'BY'], rows))
  }),
  rollback: ofApp('VERSION', 'Go back to an older release.', [1, 1], async (asking, typed) => {
    const [release = ''] = typed.words
    const made = await asking.call(rollBack, { ...paramsOf(typed), body: { release } })
    await asking.print(`Rolled "${typed.app}" back to ${release}; this is v${made.version}.`)
  }),
  builds: ofApp('[-n NUMBER]', 'List builds, newest first.', [0, 0], async (asking, typed) => {
    const builds = await asking.call(listBuilds, paramsOf(typed))
    const rows = builds
      .slice(0, typed.count ?? usualCount)
      .map(({ id, status, commit, branch, user }) => [
        id.slice(0, 8),
        status,
        commit.slice(0, 8),
        branch,
        user.email,
      ])
    await printAll(asking, table(['BUILD', 'STATUS', 'COMMIT', 'BRANCH', 'BY'], rows))
  }),
  'builds:cancel': ofApp('[BUILD]', 'Cancel a build.', [0, 1], async (asking, typed) => {
    const [build = 'latest'] = typed.words
    const { id } = await asking.call(cancelBuild, { params: { app: typed.app, build } })
    await asking.print(`Cancelled build ${id.slice(0, 8)} of "${typed.app}".`)
  }),
}

async function changeConfig(
  asking: Asking,
  typed: Typed,
  body: Record<string, string | null>,
): Promise<void> {
  await asking.call(setConfig, { ...paramsOf(typed), body })
  await asking.print(`Changed ${Object.keys(body).join(', ')} of "${typed.app}".`)
}

function paramsOf({ app }: Typed): { params: { app: string } } {
  return { params: { app } }
}

async function printAll({ print }: Asking, lines: readonly string[]): Promise<void> {
  for (const line of lines) await print(line)
}

function refused(message: string, command: string): Refused {
  return new Refused('remote', message, `See: ssh git@HOST ${command} -a APP`)
}
