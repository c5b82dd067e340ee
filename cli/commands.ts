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
  'Domains and routes': {
    domains: {
      summary: 'List the domains that lead to an app.',
      aliases: ['domains:list'],
      load: () => import('./commands/domains.ts'),
    },
    'domains:add': {
      summary: 'Lead a domain to an app; no release is made.',
      load: () => import('./commands/domains-add.ts'),
    },
    'domains:remove': {
      summary: 'Take a domain from an app.',
      aliases: ['domains:delete'],
      load: () => import('./commands/domains-remove.ts'),
    },
    'domains:check': {
      summary: 'See whether the DNS of domains leads here.',
      load: () => import('./commands/domains-check.ts'),
    },
    routes: {
      summary: 'List the routes to an app, and those on its domains.',
      aliases: ['routes:list'],
      load: () => import('./commands/routes.ts'),
    },
    'routes:add': {
      summary: 'Lead a path of a domain to another app.',
      load: () => import('./commands/routes-add.ts'),
    },
    'routes:redirect': {
      summary: 'Redirect a domain, or a path of it.',
      load: () => import('./commands/routes-redirect.ts'),
    },
    'routes:remove': {
      summary: 'Remove a route or redirect.',
      aliases: ['routes:delete'],
      load: () => import('./commands/routes-remove.ts'),
    },
    certs: {
      summary: 'List the certificates of an app, and domains that lack one.',
      aliases: ['certs:list'],
      load: () => import('./commands/certs.ts'),
    },
    'certs:add': {
      summary: 'Use a certificate of your own.',
      load: () => import('./commands/certs-add.ts'),
    },
    'certs:remove': {
      summary: 'Remove a certificate of your own.',
      aliases: ['certs:delete'],
      load: () => import('./commands/certs-remove.ts'),
    },
    'certs:auto': {
      summary: 'Turn automatic certificates on or off, or try again what failed.',
      load: () => import('./commands/certs-auto.ts'),
    },
    why: {
      summary: 'Explain how a request would be answered, and by which process.',
      load: () => import('./commands/why.ts'),
    },
  },
  'The edge': {
    edge: {
      summary: 'Show what the router does for an app.',
      load: () => import('./commands/edge.ts'),
    },
    'edge:allow': {
      summary: 'Say which addresses may come.',
      load: () => import('./commands/edge-allow.ts'),
    },
    'edge:auth': {
      summary: 'Ask those who come for a user and password.',
      load: () => import('./commands/edge-auth.ts'),
    },
    'edge:limits': {
      summary: 'Show or change times, sizes and numbers of requests.',
      load: () => import('./commands/edge-limits.ts'),
    },
    maintenance: {
      summary: 'Show whether maintenance is on.',
      load: () => import('./commands/maintenance.ts'),
    },
    'maintenance:on': {
      summary: 'Answer everybody with a page instead of the app.',
      load: () => import('./commands/maintenance-on.ts'),
    },
    'maintenance:off': {
      summary: 'Let the app answer again.',
      load: () => import('./commands/maintenance-off.ts'),
    },
    'error-page:set': {
      summary: 'Show a page of your own where the app does not answer.',
      load: () => import('./commands/error-page-set.ts'),
    },
    'error-page:unset': {
      summary: 'Show the page of the platform again.',
      load: () => import('./commands/error-page-unset.ts'),
    },
    'https:on': {
      summary: 'Send those who come by http to https.',
      load: () => import('./commands/https-on.ts'),
    },
    'https:off': {
      summary: 'Serve http too.',
      load: () => import('./commands/https-off.ts'),
    },
    'hsts:set': {
      summary: 'Tell browsers to keep to https.',
      load: () => import('./commands/hsts-set.ts'),
    },
    'hsts:unset': {
      summary: 'Tell browsers so no more.',
      load: () => import('./commands/hsts-unset.ts'),
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
    'builds:cancel': {
      summary: 'Cancel a build, or what it released as long as that is not live.',
      load: () => import('./commands/builds-cancel.ts'),
    },
    'builds:prune': {
      summary: 'Remove the build cache of an app and the layers nothing stands on.',
      aliases: ['builds:cache:purge'],
      load: () => import('./commands/builds-prune.ts'),
    },
    buildpacks: {
      summary: 'List the buildpacks chosen for an app.',
      aliases: ['buildpacks:list'],
      load: () => import('./commands/buildpacks.ts'),
    },
    'buildpacks:set': {
      summary: 'Choose the buildpacks of an app, by short name or URL.',
      load: () => import('./commands/buildpacks-set.ts'),
    },
    'buildpacks:add': {
      summary: 'Choose one more buildpack.',
      load: () => import('./commands/buildpacks-add.ts'),
    },
    'buildpacks:remove': {
      summary: 'Choose one buildpack less.',
      aliases: ['buildpacks:delete'],
      load: () => import('./commands/buildpacks-remove.ts'),
    },
    'buildpacks:clear': {
      summary: 'Choose none: the files of the app decide.',
      load: () => import('./commands/buildpacks-clear.ts'),
    },
    'root:set': {
      summary: 'Build an app from a directory of its repository.',
      load: () => import('./commands/root-set.ts'),
    },
    'root:unset': {
      summary: 'Build an app from its whole repository again.',
      load: () => import('./commands/root-unset.ts'),
    },
    'builds:verify': {
      summary: 'Build again in a clean place and compare.',
      load: () => import('./commands/builds-verify.ts'),
    },
    sbom: {
      summary: 'Print what a build is made of (CycloneDX).',
      load: () => import('./commands/sbom.ts'),
    },
    deploy: {
      summary: 'Deploy a folder, an archive or an image, without git.',
      aliases: ['builds:create'],
      load: () => import('./commands/deploy.ts'),
    },
    stacks: {
      summary: 'List the stacks an app can be built on.',
      aliases: ['stack', 'stacks:list'],
      load: () => import('./commands/stacks.ts'),
    },
    'stack:set': {
      summary: 'Build an app on another stack from the next push on.',
      aliases: ['stacks:set'],
      load: () => import('./commands/stack-set.ts'),
    },
    'dockerfile:set': {
      summary: 'Build an app by a Dockerfile that lies elsewhere.',
      load: () => import('./commands/dockerfile-set.ts'),
    },
    'dockerfile:unset': {
      summary: 'Build an app as its repository says again.',
      load: () => import('./commands/dockerfile-unset.ts'),
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
    cron: {
      summary: 'List what an app runs by schedule.',
      aliases: ['cron:list'],
      load: () => import('./commands/cron.ts'),
    },
    'cron:run': {
      summary: 'Run one of these now.',
      load: () => import('./commands/cron-run.ts'),
    },
    logs: {
      summary: 'Show what an app and the platform said about it.',
      load: () => import('./commands/logs.ts'),
    },
  },
  'The platform': {
    gc: {
      summary: 'Remove what no app needs any more, or tell what that is (administrators).',
      load: () => import('./commands/gc.ts'),
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
