import { withObjects, type Objects } from '#builder/git.ts'
import { nameText } from '#builder/receive/name.ts'
import {
  checkTree,
  tooLarge,
  tooMany,
  tooManySubmodules,
  treeShape,
  type Submodule,
} from '#builder/receive/tree.ts'
import { Refused } from '#builder/refused.ts'
import { addressOf, publicOnly, readModules } from './gitmodules.ts'
import { FetchFailed } from './pack-fetch.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import { provideSubmodule } from './submodule-store.ts'
import type { Voice } from './voice.ts'

/** A repository whose submodules are fetched. */
interface Parent {
  readonly commit: string
  /** Null: it was pushed here. */
  readonly url: string | null
  /** Where its files lie in the tree: empty, or with a `/` behind. */
  readonly at: string
  /** Directory of it that is the app; as `at`. */
  readonly root: string
}

/** A path of the tree (UTF-8) and the commit whose files belong there; null: none do. */
export interface Found {
  readonly path: string
  readonly commit: string | null
}

/** Submodules of submodules are fetched so many levels deep. */
const mostDepth = 10

/**
 * Fetches submodules one after the other, and counts what they are together. Throws Refused with the path of
 * one that cannot be had.
 */
export class Gathering {
  /** What holds others comes before them. */
  readonly found: Found[] = []
  readonly folders = new Set<string>()
  readonly #request: BuildRequest
  readonly #tools: BuildTools
  readonly #voice: Voice
  #entries = 0
  #bytes = 0

  constructor(request: BuildRequest, tools: BuildTools, voice: Voice) {
    this.#request = request
    this.#tools = tools
    this.#voice = voice
  }

  async fetchAll(
    submodules: readonly Submodule[],
    parent: Parent,
    depth: number,
    signal: AbortSignal,
  ): Promise<void> {
    const modules = await readModules(this.#objects(), parent.commit, signal)
    for (const { path: bytes, commit } of submodules) {
      const path = Buffer.from(bytes, 'latin1').toString()
      const shown = parent.at + path
      if (Buffer.from(path).toString('latin1') !== bytes) throw notText(shown)
      if (depth > mostDepth) throw tooDeep(shown)
      const text = modules.get(parent.root + path)
      if (text === undefined) throw unknown(shown)
      if (this.found.length >= treeShape.submodules) throw tooManySubmodules(treeShape.submodules)
      this.found.push({ path: shown, commit: text === null ? null : commit })
      if (text === null) continue
      const { schemes } = this.#tools.config.foreign
      const url = addressOf(shown, text, { url: parent.url, schemes })
      const own = await this.#fetch(shown, commit, url, signal)
      await this.fetchAll(own, { commit, url, at: `${shown}/`, root: '' }, depth + 1, signal)
    }
  }

  /** Fetches and checks one; the submodules it has itself. */
  async #fetch(
    path: string,
    commit: string,
    url: string,
    signal: AbortSignal,
  ): Promise<readonly Submodule[]> {
    const wanted = { commit, url, number: this.found.length }
    const { folder, isNew } = await provideSubmodule(
      this.#request,
      this.#tools,
      wanted,
      signal,
    ).catch((error: unknown) => {
      throw error instanceof FetchFailed ? notFetched(path, url, error) : error
    })
    this.folders.add(folder)
    const from = isNew ? `from ${labelOf(url)}` : '(fetched before)'
    this.#voice.text(`${textOf(path)} ${commit.slice(0, 7)} ${from}`)
    const totalBytes = this.#tools.limits.treeBytes
    const limits = { ...treeShape, totalBytes }
    const seen = await checkTree(this.#objects(), commit, limits, signal).catch(
      (error: unknown) => {
        throw error instanceof Refused ? within(path, error) : error
      },
    )
    this.#entries += seen.files
    this.#bytes += seen.sizeBytes
    // Before they are put together: a few kilobytes can name the same files over and over.
    if (this.#entries > treeShape.entries) throw tooMany(treeShape.entries)
    if (this.#bytes > totalBytes) throw tooLarge(totalBytes)
    return seen.submodules
  }

  #objects(): Objects {
    return withObjects(this.#request.objects, [...this.folders])
  }
}

function textOf(path: string): string {
  return nameText(Buffer.from(path).toString('latin1'))
}

function labelOf(url: string): string {
  const { host, pathname } = new URL(url)
  return nameText(`${host}${pathname.replace(/\.git$/, '')}`)
}

/** Git says so when it would ask somebody for a password; many sites also where there is nothing. */
const asks = /could not read (Username|Password)|Authentication failed|terminal prompts disabled/

function notFetched(path: string, url: string, { message }: FetchFailed): Refused {
  const why = asks.test(message) ? 'it is not there, or not public' : message
  const what = `the submodule ${textOf(path)} cannot be fetched from ${labelOf(url)}: ${why}`
  const hint = /has no commit/.test(message)
    ? 'Push that commit of it to its own repository, then push again.'
    : publicOnly
  return new Refused('submodule', what, hint)
}

function within(path: string, { stage, message, hint }: Refused): Refused {
  return new Refused(stage, `in the submodule ${textOf(path)}: ${message}`, hint)
}

function unknown(path: string): Refused {
  const name = textOf(path)
  const hint = `Name it there (git submodule add URL ${name}), or take it out: git rm --cached ${name}`
  return new Refused('submodule', `${name} is a submodule that .gitmodules does not name`, hint)
}

function notText(path: string): Refused {
  const hint = 'Give it a path in UTF-8 (git mv), commit, and push again.'
  return new Refused('submodule', `the path of the submodule ${textOf(path)} is no text`, hint)
}

function tooDeep(path: string): Refused {
  const message = `submodules are nested deeper than ${mostDepth}: ${textOf(path)}`
  return new Refused('submodule', message, 'Commit the files of some of them instead.')
}
