import type Docker from 'dockerode'
import type { SandboxSpec } from '#driver/driver.ts'
import { ownerLabels } from './labels.ts'
import { appUid } from './names.ts'
import { hardened, variables } from './profile.ts'
import type { DockerSettings } from './settings.ts'
import { trustMounts, trustVariables } from './trust.ts'

/** What the host prepared for a sandbox. */
export interface SandboxPlace {
  readonly network: string
  /** All directories it sees. */
  readonly mounts: readonly Docker.MountSettings[]
}

export function sandboxBody(
  spec: SandboxSpec,
  place: SandboxPlace,
  settings: DockerSettings,
): Docker.ContainerCreateOptions {
  const [entrypoint, ...args] = spec.argv
  if (entrypoint === undefined) throw new TypeError(`The sandbox ${spec.name} has no command.`)
  const home = spec.overlay?.target ?? '/tmp'
  return {
    Image: spec.image,
    User: `${appUid}:${appUid}`,
    WorkingDir: home,
    Entrypoint: [entrypoint],
    Cmd: args,
    Env: variables({ HOME: home, ...trustVariables(settings.caBundle) }, spec.env),
    Labels: ownerLabels(settings.instance, 'build', spec.owner),
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      ...hardened(spec.limits),
      // A build goes before any app does.
      OomScoreAdj: 900,
      // Its output may hold secrets until the builder has redacted it: no copy of it in a log.
      LogConfig: { Type: 'none', Config: {} },
      NetworkMode: place.network,
      Mounts: [...place.mounts, ...trustMounts(settings.caBundle)],
    },
  }
}
