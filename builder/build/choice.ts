import { packLabel, readPackReference, type BuildSettings } from '#contract/buildpack.ts'
import type { Config } from '#contract/app.ts'
import { openTurns } from '#lib/turns.ts'
import { Refused } from '#builder/refused.ts'
import { badManifest } from './bad-manifest.ts'
import { keyOf } from './key.ts'
import { providePack } from './pack-store.ts'
import { readPacks, type Buildpack } from './packs.ts'
import type { BuildRequest, BuildTools } from './request.ts'
import type { Voice } from './voice.ts'

/** The buildpacks somebody chose, and where they said so. */
export interface Choice {
  /** `app buildpacks`, `BUILDPACK_URL`, `.buildpacks`, `app.json`. */
  readonly by: string
  /** URLs and short names, in order. */
  readonly packs: readonly string[]
}

/** A buildpack that takes part in a build because somebody chose it. */
export type ChosenPack =
  | {
      readonly kind: 'ours'
      readonly label: string
      readonly pack: Buildpack
      readonly digest: string
    }
  | {
      readonly kind: 'foreign'
      readonly label: string
      /** Directory on the host. */
      readonly home: string
      /** Directory in the sandbox; the same for every commit of one address, so its cache is too. */
      readonly target: string
      readonly digest: string
    }

/** What was chosen from outside the repository; null: nothing. */
export function choiceOfSettings(
  settings: BuildSettings | undefined,
  config: Config,
): Choice | null {
  if (settings !== undefined && settings.buildpacks.length > 0) {
    return { by: 'app buildpacks', packs: settings.buildpacks }
  }
  const url = config['BUILDPACK_URL']?.trim() ?? ''
  return url === '' ? null : { by: 'BUILDPACK_URL', packs: [url] }
}

/** What the repository's own files choose; null: nothing. */
export function choiceOfFiles(
  list: string | null | undefined,
  ofAppJson: readonly string[],
): Choice | null {
  const lines = (list ?? '').split(/\r?\n/).map((line) => line.trim())
  const packs = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (packs.length > 0) return { by: '.buildpacks', packs }
  return ofAppJson.length === 0 ? null : { by: 'app.json', packs: ofAppJson }
}

const packsLimit = 20
const takeTurn = openTurns()

/** Finds and fetches what was chosen; the same one twice counts once. Throws Refused. */
export async function resolveChoice(
  request: BuildRequest,
  tools: BuildTools,
  choice: Choice,
  voice: Voice,
  signal: AbortSignal,
): Promise<ChosenPack[]> {
  const packs = [...new Set(choice.packs)]
  if (packs.length > packsLimit) {
    throw badManifest(choice.by, `names more than ${packsLimit} buildpacks`, 'Name fewer.')
  }
  const ours = await readPacks(tools.config.buildpacks)
  const chosen: ChosenPack[] = []
  for (const [index, text] of packs.entries()) {
    const reference = readPackReference(text)
    if (typeof reference === 'string') throw wrong(choice, text, reference)
    const label = packLabel(text)
    if (reference.kind === 'ours') {
      const pack = ours.find(({ folder }) => folder === reference.name)
      if (pack === undefined) throw unknown(choice, reference.name, ours)
      chosen.push({ kind: 'ours', label, pack, digest: pack.digest })
    } else {
      const stored = await takeTurn(reference.url, () =>
        providePack(request, tools, reference, index + 1, voice, signal),
      )
      const target = `/packs/${keyOf([text]).slice(0, 16)}`
      chosen.push({ kind: 'foreign', label, target, ...stored })
    }
  }
  return chosen
}

function wrong({ by }: Choice, text: string, reason: string): Refused {
  const message = `${by} names "${text.slice(0, 200)}", which cannot be a buildpack: ${reason}`
  return new Refused(
    'buildpack',
    message,
    'Name it as https://HOST/PATH.git#REF or https://HOST/NAME.tgz.',
  )
}

function unknown({ by }: Choice, name: string, ours: readonly Buildpack[]): Refused {
  const names = ours.map(({ folder }) => folder).join(', ')
  const message = `${by} names the buildpack "${name}", which is not one of ours`
  return new Refused('buildpack', message, `We have ${names}; others go by their URL.`)
}
