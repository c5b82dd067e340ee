import type { CopySpec, Instance, Owner } from '#driver/driver.ts'
import type { Role } from './names.ts'

export type Labels = Readonly<Record<string, string>>

/** Labels of everything an instance makes on the engine. */
export function instanceLabels(instance: string): Record<string, string> {
  return { 'slipway.instance': instance }
}

export function ownerLabels(instance: string, role: Role, owner: Owner): Record<string, string> {
  return {
    ...instanceLabels(instance),
    'slipway.role': role,
    'slipway.app-id': owner.appId,
    'slipway.environment-id': owner.environmentId,
    'slipway.app': owner.app,
  }
}

/** All that is known of a copy stands on it: a list of containers needs no other source. */
export function copyLabels(
  instance: string,
  spec: Omit<CopySpec, 'name'>,
  atMs: number,
): Record<string, string> {
  return {
    ...ownerLabels(instance, 'copy', spec.owner),
    'slipway.deployment-id': spec.deploymentId,
    'slipway.release': String(spec.release),
    'slipway.type': spec.type,
    'slipway.index': String(spec.index),
    'slipway.at': String(atMs),
    ...(spec.port === undefined ? {} : { 'slipway.port': String(spec.port) }),
  }
}

/** On a copy that was made ready before anybody knew which it would be: the name it was made under. */
export const madeAsLabel = 'slipway.made-as'

type Written = Pick<
  Instance,
  'owner' | 'deploymentId' | 'release' | 'type' | 'index' | 'port' | 'startedAtMs'
>

/** Reads back what `copyLabels` wrote. */
export function readCopyLabels(labels: Labels): Written {
  return {
    owner: {
      appId: labels['slipway.app-id'] ?? '',
      environmentId: labels['slipway.environment-id'] ?? '',
      app: labels['slipway.app'] ?? '',
    },
    deploymentId: labels['slipway.deployment-id'] ?? '',
    release: Number(labels['slipway.release']),
    type: labels['slipway.type'] ?? '',
    index: Number(labels['slipway.index']),
    ...(labels['slipway.port'] === undefined ? {} : { port: Number(labels['slipway.port']) }),
    startedAtMs: Number(labels['slipway.at']),
  }
}

/** The engine's filter for containers of ours. */
export function containerFilter(instance: string, role: Role, environmentId?: string): string[] {
  const filter = [`slipway.instance=${instance}`, `slipway.role=${role}`]
  if (environmentId !== undefined) filter.push(`slipway.environment-id=${environmentId}`)
  return filter
}
