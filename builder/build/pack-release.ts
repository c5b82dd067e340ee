import { join } from 'node:path'
import { isConfigKey, processTypePattern } from '#contract/grammar.ts'
import { Refused } from '#builder/refused.ts'
import type { ChosenPack } from './choice.ts'
import { readPlainFile } from './files.ts'
import { parseYaml } from './yaml.ts'

/** What `bin/release` of buildpacks that are not ours said. */
export interface PackReleases {
  /** Of the last buildpack; null: it is one of ours, which says it in its own way. */
  readonly processTypes: Readonly<Record<string, string>> | null
  /** Config the app gets where it has none, of all of them. */
  readonly config: Readonly<Record<string, string>>
}

export const noReleases: PackReleases = Object.freeze({ processTypes: null, config: {} })

const limitBytes = 128 * 1024

/**
 * Reads the `release-<number>.yml` that the build script kept. It comes out of a sandbox: what has not the
 * form of a process type or a config var ends the build with a sentence.
 */
export async function readReleases(
  results: string,
  chosen: readonly ChosenPack[],
): Promise<PackReleases> {
  let types: Readonly<Record<string, string>> | null = null
  const config: Record<string, string> = {}
  for (const [index, pack] of chosen.entries()) {
    types = null
    if (pack.kind === 'ours') continue
    const text = await readPlainFile(join(results, `release-${index + 1}.yml`), limitBytes)
    const said = await readRelease(text ?? '', pack.label)
    types = said.types
    Object.assign(config, said.config)
  }
  return { processTypes: types, config }
}

const typeName = new RegExp(processTypePattern)

async function readRelease(
  text: string,
  label: string,
): Promise<{ types: Record<string, string>; config: Record<string, string> }> {
  const file = `what bin/release of ${label} printed`
  const yaml = await parseYaml(text, file)
  return {
    types: textsOf(yaml, 'default_process_types', (name) => typeName.test(name), file),
    config: textsOf(yaml, 'config_vars', isConfigKey, file),
  }
}

function textsOf(
  yaml: unknown,
  place: string,
  isName: (name: string) => boolean,
  file: string,
): Record<string, string> {
  const section = isRecord(yaml) ? yaml[place] : undefined
  if (section === undefined || section === null) return {}
  if (!isRecord(section)) throw wrong(file, place)
  const entries = Object.entries(section).map(([name, value]) => {
    const isText = ['string', 'number', 'boolean'].includes(typeof value)
    const text = String(value)
    if (!isText || !isName(name) || text === '' || text.includes('\0'))
      throw wrong(file, `${place}.${name}`)
    return [name, text] as const
  })
  return Object.fromEntries(entries)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(file: string, place: string): Refused {
  const message = `${file} is wrong at "${place.slice(0, 100)}"`
  return new Refused(
    'release',
    message,
    'Tell its author, or choose another buildpack: app buildpacks',
  )
}
