import type { TableChange } from '#contract/route.ts'
import type { TableFile } from '#router/table/disk.ts'
import type { Routes } from '#router/table/routes.ts'

/** What writes the table that is in force. */
export interface Keeper extends Pick<TableFile, 'replace' | 'append'> {
  /** Writes nothing from here on, and returns when nothing is being written any more. */
  rest(): Promise<void>
}

/** For a worker: the main process keeps the table. */
export const noKeeper: Keeper = {
  replace: () => Promise.resolve(),
  append: () => Promise.resolve(),
  rest: () => Promise.resolve(),
}

/** Writes the table as long as this router is in service: two of them must not write one file. */
export class ServiceKeeper implements Keeper {
  readonly #file: TableFile
  #isInService = true

  constructor(file: TableFile) {
    this.#file = file
  }

  async replace(routes: Routes): Promise<void> {
    if (this.#isInService) await this.#file.replace(routes)
  }

  async append(change: TableChange, routes: Routes): Promise<void> {
    if (this.#isInService) await this.#file.append(change, routes)
  }

  async rest(): Promise<void> {
    this.#isInService = false
    // What cannot be written is handed over all the same.
    await this.#file.close().catch(() => undefined)
  }
}
