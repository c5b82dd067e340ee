import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Endpoint } from '#contract/endpoint.ts'
import { isGone, Sibling } from './sibling.ts'

/**
 * Processes of the router that take no more connections but have not ended yet. Each listens for
 * calls in one folder, on a socket named by its pid, so whoever is in service finds them, even when
 * it was started only after its predecessor was killed.
 */
export class Draining {
  readonly #folder: string
  readonly #token: string

  constructor(folder: string, token: string) {
    this.#folder = folder
    this.#token = token
  }

  get pids(): readonly number[] {
    return pidsIn(this.#folder)
  }

  sibling(pid: number): Sibling {
    return new DrainingSibling(drainingPath(this.#folder, pid), this.#token)
  }
}

export function drainingPath(folder: string, pid = process.pid): string {
  return join(folder, `${pid}.sock`)
}

class DrainingSibling extends Sibling {
  readonly #path: string

  constructor(path: string, token: string) {
    super({ path }, token)
    this.#path = path
  }

  /** A killed one leaves its socket behind. */
  override async ask(endpoint: Endpoint, body: unknown, signal?: AbortSignal): Promise<unknown> {
    try {
      return await super.ask(endpoint, body, signal)
    } catch (error) {
      if (isGone(error)) rmSync(this.#path, { force: true })
      throw error
    }
  }
}

function pidsIn(folder: string): number[] {
  try {
    const names = readdirSync(folder).map((name) => /^(\d+)\.sock$/.exec(name)?.[1])
    return names
      .filter((name) => name !== undefined)
      .map(Number)
      .filter((pid) => pid !== process.pid)
  } catch {
    return []
  }
}
