import type { Log } from '#lib/log.ts'

/** How one platform uses the Docker engine of its host. */
export interface DockerSettings {
  /** Tells two platforms on one engine apart; a-z, 0-9 and -, at most 30. */
  readonly instance: string
  /** Default `/var/run/docker.sock`. */
  readonly socketPath?: string
  /** Folder of the host for mounts of running copies and sandboxes; 0700, made when missing. */
  readonly runDir: string
  /** Store of language runtimes, seen read-only at `/runtimes`. */
  readonly runtimesDir: string
  /** CA certificates (PEM) that take the place of the stack's own. */
  readonly caBundle?: string
  /** TCP ports of the host that apps may reach: the router's; 0 is none. */
  readonly routerPorts: readonly number[]
  /** Subnet of the builds' network, CIDR; default 10.217.255.192/26. */
  readonly buildSubnet?: string
  readonly log: Log
}

const instancePattern = /^[a-z0-9][a-z0-9-]{0,29}$/

/** Throws a TypeError when an engine could not take the settings. */
export function checkSettings(settings: DockerSettings): void {
  if (instancePattern.test(settings.instance)) return
  throw new TypeError(`"${settings.instance}" cannot name an instance: use a-z, 0-9 and -.`)
}
