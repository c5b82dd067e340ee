import { readFileSync, statSync } from 'node:fs'
import { SettingError } from '#lib/settings.ts'

/**
 * A secret of the platform from the `keys` folder, without white space around it.
 *
 * Throws SettingError, with a sentence, when it is missing, empty, or readable by others.
 */
export function readKeyFile(path: string): string {
  const content = readPrivate(path).trim()
  if (content !== '') return content
  throw new SettingError(`The key file ${path} is empty; put back the right one.`)
}

function readPrivate(path: string): string {
  try {
    const mode = statSync(path).mode & 0o777
    if ((mode & 0o077) === 0) return readFileSync(path, 'utf8')
    throw new SettingError(
      `Others may read the key file ${path} (mode ${mode.toString(8)}); chmod it to 600.`,
    )
  } catch (error) {
    if (error instanceof SettingError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new SettingError(`The key file ${path} cannot be read (${code}); \`make run\` makes it.`)
  }
}
