import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addKey } from '#contract/account.ts'
import { failure } from '#contract/error.ts'
import type { Cli } from '#cli/cli.ts'
import { examples } from '#cli/command.ts'
import type { Define } from '#cli/command.ts'
import { readInput } from '#cli/input.ts'

/** Looked for in this order when no file is named. */
const usual = ['id_ed25519.pub', 'id_ed25519_sk.pub', 'id_ecdsa.pub', 'id_rsa.pub']

export const define: Define = (command, cli) =>
  examples(
    command
      .argument('[file]', 'a public key file, or - for standard input (default: the one in ~/.ssh)')
      .action(async (file: string | undefined) => {
        const text = await readKey(file, cli)
        const key = await cli.call(addKey, { body: { public_key: text.trim() } })
        cli.screen.answer(key, () => [])
        cli.screen.say(`Added ${key.comment || 'the key'} (${key.fingerprint}).`)
      }),
    'app keys:add',
    'app keys:add ~/.ssh/work.pub',
    'ssh-add -L | app keys:add -',
  )

async function readKey(file: string | undefined, cli: Cli): Promise<string> {
  const text = file === '-' ? await readInput(cli) : await fromFile(file, cli)
  // A private key that was named by mistake must not leave this computer.
  if (text.includes('PRIVATE KEY')) {
    throw failure('KEY_INVALID', { reason: 'it is a private key; nothing was sent' })
  }
  return text
}

async function fromFile(file: string | undefined, { home }: Cli): Promise<string> {
  const paths = file === undefined ? usual.map((name) => join(home, '.ssh', name)) : [file]
  let reason = ''
  for (const path of paths) {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      reason = (error as NodeJS.ErrnoException).code ?? ''
      if (file !== undefined) throw failure('FILE_UNREADABLE', { path, reason }, { cause: error })
    }
  }
  throw failure('KEY_INVALID', { reason: `there is none in ${join(home, '.ssh')}` })
}
