import type { Config } from '#controller/config.ts'

/** Where an app is pushed to. */
export function gitUrl({ git }: Pick<Config, 'git'>, name: string): string {
  return `ssh://git@${git.host}:${git.port}/${name}.git`
}

/** Where a host's page is. */
export function webUrl({ httpPort }: Pick<Config, 'httpPort'>, host: string): string {
  const port = httpPort === 80 ? '' : `:${httpPort}`
  return `http://${host}${port}/`
}
