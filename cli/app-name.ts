import type { Command } from 'commander'
import { failure } from '#contract/error.ts'
import type { Cli } from './cli.ts'
import { usage } from './failure.ts'
import { remoteUrl } from './git.ts'

/** The app a command is about: `-a`, else DEIS_APP, else what the git remote here names. */
export async function appName(command: Command, cli: Cli): Promise<string> {
  const { app, remote } = command.opts<{ app?: string; remote: string }>()
  if (app === '') throw usage('The name after -a is empty.')
  return app ?? (cli.env['DEIS_APP'] || (await fromRemote(remote, cli)))
}

async function fromRemote(remote: string, cli: Cli): Promise<string> {
  const url = await remoteUrl(remote, cli)
  if (url === undefined) throw failure('APP_UNNAMED', { remote })
  const name = appOfUrl(url)
  if (name === undefined) throw failure('REMOTE_FOREIGN', { remote, url: withoutPassword(url) })
  return name
}

/** The app a git remote names: `ssh://git@host:2222/shop.git`, `git@host:shop.git`. */
export function appOfUrl(url: string): string | undefined {
  const path = /^ssh:\/\/[^/]+\/(.+)$/.exec(url) ?? /^[^/:]+@[^/:]+:(.+)$/.exec(url)
  return /^\/?([a-z0-9-]+?)(\.git)?\/?$/.exec(path?.[1] ?? '')?.[1]
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}
