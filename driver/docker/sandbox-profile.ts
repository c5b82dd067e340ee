import { join } from 'node:path'
import type Docker from 'dockerode'
import type { Owner, SandboxSpec } from '#driver/driver.ts'
import { instanceLabels, ownerLabels } from './labels.ts'
import { appUid } from './names.ts'
import { hardened, variables } from './profile.ts'
import type { DockerSettings } from './settings.ts'
import type { Shape } from './slot.ts'
import { controlTarget, waiter } from './slot-control.ts'
import { asSlave, bind, trustMounts, trustVariables } from './trust.ts'

/** What the host prepared for a slot. */
export interface SlotPlace {
  readonly network: string
  /** Control group that it is in. */
  readonly group: string
  /** Holds `secrets/` and `control/`. */
  readonly base: string
  /** Directories on a shared mount, one for each target. */
  readonly places: readonly string[]
  /** Null: it is made ready before anybody needs it. */
  readonly owner: Owner | null
}

export function slotBody(
  shape: Shape,
  { network, group, base, places, owner }: SlotPlace,
  settings: DockerSettings,
): Docker.ContainerCreateOptions {
  const [entrypoint = '', ...args] = waiter
  return {
    Image: shape.image,
    User: `${appUid}:${appUid}`,
    WorkingDir: '/',
    Entrypoint: [entrypoint],
    Cmd: args,
    // Of the stack's Perl no word about locales shall be in anybody's build.
    Env: variables(trustVariables(settings.caBundle), { PERL_BADLANG: '0' }),
    Labels: labelsOf(owner, settings),
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      ...hardened(shape.limits),
      // A build goes before any app does.
      OomScoreAdj: 900,
      // Its output may hold secrets until the builder has redacted it: no copy of it in a log.
      LogConfig: { Type: 'none', Config: {} },
      CgroupParent: group,
      NetworkMode: network,
      Mounts: [
        ...shape.targets.map((target, index) => asSlave(bind(places[index] ?? '', target, true))),
        ...shape.seen.map(({ source, target }) => bind(source, target, false)),
        bind(join(base, 'secrets'), '/run/secrets', false),
        bind(join(base, 'control'), controlTarget, false),
        ...trustMounts(settings.caBundle),
      ],
    },
  }
}

/** What a job finds in its environment besides what the slot was made with. */
export function jobVariables(
  { env, overlay }: SandboxSpec,
  { caBundle }: DockerSettings,
): Record<string, string> {
  return { HOME: overlay?.target ?? '/tmp', ...trustVariables(caBundle), ...env }
}

function labelsOf(owner: Owner | null, { instance }: DockerSettings): Record<string, string> {
  if (owner !== null) return ownerLabels(instance, 'build', owner)
  return { ...instanceLabels(instance), 'slipway.role': 'build', 'slipway.ready': 'true' }
}
