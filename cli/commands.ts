import type { Define } from './command.ts'

/** A command as lists of commands show it; its file is loaded when it is called. */
export interface CommandRow {
  readonly summary: string
  /** What people type who come from elsewhere. */
  readonly aliases?: readonly string[]
  readonly load: () => Promise<{ readonly define: Define }>
}

/** Every command, by topic, in the order `app help` shows them. */
export const topics: Readonly<Record<string, Readonly<Record<string, CommandRow>>>> = {
  Account: {
    login: {
      summary: 'Log in to a server and stay logged in.',
      aliases: ['auth:login'],
      load: () => import('./commands/login.ts'),
    },
    logout: {
      summary: 'Revoke the token of this computer and forget it.',
      aliases: ['auth:logout'],
      load: () => import('./commands/logout.ts'),
    },
    whoami: {
      summary: 'Show who is logged in.',
      aliases: ['auth:whoami'],
      load: () => import('./commands/whoami.ts'),
    },
    keys: {
      summary: 'List the SSH keys you push with.',
      aliases: ['keys:list'],
      load: () => import('./commands/keys.ts'),
    },
    'keys:add': {
      summary: 'Add an SSH public key.',
      load: () => import('./commands/keys-add.ts'),
    },
    'keys:remove': {
      summary: 'Remove an SSH key.',
      aliases: ['keys:delete'],
      load: () => import('./commands/keys-remove.ts'),
    },
    'users:create': {
      summary: 'Make an account for somebody (administrators).',
      aliases: ['users:add'],
      load: () => import('./commands/users-create.ts'),
    },
  },
  Apps: {
    create: {
      summary: 'Make an app and a git remote to push it to.',
      aliases: ['apps:create'],
      load: () => import('./commands/create.ts'),
    },
    apps: {
      summary: 'List your apps.',
      aliases: ['apps:list', 'list'],
      load: () => import('./commands/apps.ts'),
    },
    info: {
      summary: 'Show an app: address, git remote, owner.',
      aliases: ['apps:info'],
      load: () => import('./commands/info.ts'),
    },
    open: {
      summary: 'Open the page of an app.',
      aliases: ['apps:open'],
      load: () => import('./commands/open.ts'),
    },
    destroy: {
      summary: 'Destroy an app and all it has.',
      aliases: ['apps:destroy', 'apps:delete'],
      load: () => import('./commands/destroy.ts'),
    },
  },
  Config: {
    config: {
      summary: 'Show the config of an app.',
      aliases: ['config:list'],
      load: () => import('./commands/config.ts'),
    },
    'config:set': {
      summary: 'Set config; makes a new release.',
      aliases: ['config:add'],
      load: () => import('./commands/config-set.ts'),
    },
    'config:get': {
      summary: 'Print one value.',
      load: () => import('./commands/config-get.ts'),
    },
    'config:unset': {
      summary: 'Unset config; makes a new release.',
      aliases: ['config:remove'],
      load: () => import('./commands/config-unset.ts'),
    },
  },
  'Builds and releases': {
    builds: {
      summary: 'List builds, newest first.',
      aliases: ['builds:list'],
      load: () => import('./commands/builds.ts'),
    },
    'builds:output': {
      summary: 'Show what a build printed; follows one that runs.',
      load: () => import('./commands/builds-output.ts'),
    },
    releases: {
      summary: 'List releases, newest first.',
      aliases: ['releases:list'],
      load: () => import('./commands/releases.ts'),
    },
    'releases:info': {
      summary: 'Show one release.',
      load: () => import('./commands/releases-info.ts'),
    },
    rollback: {
      summary: 'Make a new release with the code and config of an older one.',
      aliases: ['releases:rollback'],
      load: () => import('./commands/rollback.ts'),
    },
  },
  Processes: {
    ps: {
      summary: 'Show what runs.',
      aliases: ['ps:list'],
      load: () => import('./commands/ps.ts'),
    },
    'ps:scale': {
      summary: 'Show or change how many copies of each process type run.',
      aliases: ['scale'],
      load: () => import('./commands/ps-scale.ts'),
    },
    'ps:restart': {
      summary: 'Restart an app without dropping a request, or one process of it.',
      aliases: ['restart'],
      load: () => import('./commands/ps-restart.ts'),
    },
    run: {
      summary: 'Run a command in a one-off container of the app.',
      load: () => import('./commands/run.ts'),
    },
    logs: {
      summary: 'Show what an app and the platform said about it.',
      load: () => import('./commands/logs.ts'),
    },
  },
  'This command': {
    version: {
      summary: 'Show the version of this command.',
      load: () => import('./commands/version.ts'),
    },
  },
}

/** Every command by its name. */
export const commands: ReadonlyMap<string, CommandRow> = new Map(
  Object.values(topics).flatMap((topic) => Object.entries(topic)),
)
