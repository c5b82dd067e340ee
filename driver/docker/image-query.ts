import type { ImageSpec, Limits } from '#driver/driver.ts'
import type { Labels } from './labels.ts'

const periodUs = 100_000

/** What the engine's `build` is asked: each step in our network, our group, and within limits. */
export function buildQuery(
  spec: ImageSpec,
  labels: Labels,
  place: { readonly network: string; readonly group: string },
): Record<string, unknown> {
  return {
    version: '1',
    dockerfile: spec.dockerfile,
    t: spec.tag,
    buildargs: JSON.stringify(spec.buildArgs),
    labels: JSON.stringify(labels),
    rm: true,
    forcerm: true,
    networkmode: place.network,
    cgroupparent: place.group,
    ...limitsQuery(spec.limits),
  }
}

function limitsQuery({ memoryBytes, cpuShares, cpus, openFiles }: Limits): Record<string, unknown> {
  return {
    memory: memoryBytes,
    memswap: memoryBytes,
    cpushares: cpuShares,
    ...(cpus === undefined ? {} : { cpuperiod: periodUs, cpuquota: Math.round(cpus * periodUs) }),
    ulimits: JSON.stringify([
      { Name: 'nofile', Soft: openFiles, Hard: openFiles },
      { Name: 'core', Soft: 0, Hard: 0 },
    ]),
  }
}
