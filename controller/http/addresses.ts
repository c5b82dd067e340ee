import type { Config } from '#controller/config.ts'

type Addressed = Pick<Config, 'domain' | 'git' | 'httpPort'>

/** Where an app is pushed to. */
export function gitUrl({ git }: Addressed, name: string): string {
  return `ssh://git@${git.host}:${git.port}/${name}.git`
}

/** Where an app's page is. */
export function webUrl({ domain, httpPort }: Addressed, name: string): string {
  const port = httpPort === 80 ? '' : `:${httpPort}`
  return `http://${name}.${domain}${port}/`
}
