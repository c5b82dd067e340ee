import type { TakeTurn } from '#lib/turns.ts'
import type { BuildGroup } from './build-group.ts'
import type { Engine } from './engine.ts'
import type { Firewall } from './firewall.ts'
import type { DockerSettings } from './settings.ts'

/** What every part of this driver works with. */
export interface Site {
  readonly engine: Engine
  readonly settings: DockerSettings
  readonly firewall: Firewall
  readonly builds: BuildGroup
  /** One at a time per environment: addresses and mounts are chosen by looking first. */
  readonly takeTurn: TakeTurn
}
