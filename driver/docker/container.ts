import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type Docker from 'dockerode'
import { EngineError } from '#driver/driver.ts'
import { unless } from './errors.ts'
import type { Site } from './site.ts'

/** Single steps on a container. "What is gone is no error" is decided here, once. */

export type Container = Docker.ContainerInspectInfo

/** Makes it; its id. */
export async function createContainer(
  { engine }: Site,
  name: string,
  body: Docker.ContainerCreateOptions,
  signal: AbortSignal,
): Promise<string> {
  const request = { method: 'POST', path: '/containers/create', query: { name }, body } as const
  const made = await engine.ask<{ Id: string }>({ ...request, doing: `make ${name}` }, signal)
  return made.Id
}

/** Starts it; one that runs is no error. */
export async function startContainer(
  { engine }: Site,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `${pathOf(name)}/start`
  await unless([304], engine.ask({ method: 'POST', path, doing: `start ${name}` }, signal))
}

export async function renameContainer(
  { engine }: Site,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  const request = { method: 'POST', path: `${pathOf(from)}/rename`, query: { name: to } } as const
  await engine.ask({ ...request, doing: `name ${to}` }, signal)
}

/** Null when there is no container of this name, or it belongs to another instance. */
export async function inspectContainer(
  { engine, settings }: Site,
  name: string,
  signal: AbortSignal,
): Promise<Container | null> {
  const request = { method: 'GET', path: `${pathOf(name)}/json`, doing: `look at ${name}` } as const
  const found = await unless([404], engine.ask<Container>(request, signal))
  return found?.Config.Labels['slipway.instance'] === settings.instance ? found : null
}

/** Sends a signal; a container that does not run (409) or is gone gets none. */
export async function signalContainer(
  { engine }: Site,
  name: string,
  signalName: string,
  signal: AbortSignal,
): Promise<void> {
  const query = { signal: signalName }
  const path = `${pathOf(name)}/kill`
  const doing = `send ${signalName} to ${name}`
  await unless([404, 409], engine.ask({ method: 'POST', path, query, doing }, signal))
}

/** Waits until it does not run; its exit code, or null when it is gone. */
export async function waitForEnd(
  { engine }: Site,
  name: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<number | null> {
  const request = {
    method: 'POST',
    path: `${pathOf(name)}/wait`,
    doing: `wait for ${name}`,
  } as const
  const time = Number.isFinite(deadlineMs) ? [AbortSignal.timeout(deadlineMs)] : []
  const either = AbortSignal.any([signal, ...time])
  const answer = await unless([404], engine.stream(request, either))
  return answer === null ? null : await readEnd(answer, signal)
}

// As a stream: of an answer that has begun and breaks off, the client's own reading never ends.
async function readEnd(answer: Readable, signal: AbortSignal): Promise<number> {
  try {
    return (JSON.parse(await text(answer)) as { StatusCode: number }).StatusCode
  } catch (cause) {
    signal.throwIfAborted()
    throw new EngineError('The connection to the container engine broke off.', true, { cause })
  }
}

/** Waits for its end however long that takes; its exit code, or null when it is gone. */
export async function exitOf(
  site: Site,
  name: string,
  signal: AbortSignal,
): Promise<number | null> {
  const code = await waitForEnd(site, name, Infinity, signal)
  const found = await inspectContainer(site, name, signal)
  return (found === null ? null : startFailure(found)) ?? code
}

/** Kills and removes it with its volumes; gone or already going (409) is no error. */
export async function removeContainer(
  { engine }: Site,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const query = { force: true, v: true }
  const request = { method: 'DELETE', path: pathOf(name), query, doing: `remove ${name}` } as const
  await unless([404, 409], engine.ask(request, signal))
}

export function pathOf(name: string): string {
  return `/containers/${encodeURIComponent(name)}`
}

/**
 * How a container that never ran failed to: 126 (may not be executed) or 127 (not there) when its
 * command is to blame, which the engine notes as an exit code; null when it is something else.
 */
export function startFailure({ State: { Status, ExitCode } }: Container): number | null {
  return Status === 'created' && (ExitCode === 126 || ExitCode === 127) ? ExitCode : null
}
