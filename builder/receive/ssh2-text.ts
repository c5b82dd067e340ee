import { readFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { hybridEdits } from './mlkem.ts'

/** A change to the text of one file of ssh2: each anchor stands in it once. */
export interface TextEdit {
  /** Below `ssh2/lib/protocol/`. */
  readonly file: string
  readonly pairs: readonly (readonly [anchor: string, replacement: string])[]
}

const require = createRequire(import.meta.url)

/** The algorithms users may sign with, as `keys/credential.ts` takes them; ssh2 names others. */
const signatures = [
  'ssh-ed25519',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

const signatureEdit: TextEdit = {
  file: 'Protocol.js',
  pairs: [
    [
      '  const algsLen = Buffer.byteLength(serverSigAlgs);',
      `  serverSigAlgs = '${signatures.join(',')}';\n  const algsLen = Buffer.byteLength(serverSigAlgs);`,
    ],
  ],
}

/**
 * Adds to ssh2 what it lacks. Must be called before ssh2 is imported.
 *
 * Its text is edited as it is loaded. A part whose text is not the one we know is left as it is: pushes
 * then go on without what it would have brought.
 */
export function editSsh2(): void {
  const known = [hybridEdits(), [signatureEdit]].map(textsOf).filter((texts) => texts !== null)
  const texts = new Map(known.flatMap((some) => [...some]))
  if (texts.size === 0) return
  registerHooks({
    load(url, context, next) {
      const source = texts.get(url)
      return source === undefined
        ? next(url, context)
        : { format: 'commonjs', source, shortCircuit: true }
    },
  })
}

/** Whether the ssh2 that is loaded knows the post-quantum exchange; loads ssh2. */
export function hasHybridExchange(): boolean {
  const constants = require('ssh2/lib/protocol/constants.js') as {
    readonly SUPPORTED_KEX: readonly string[]
  }
  return constants.SUPPORTED_KEX.includes('mlkem768x25519-sha256')
}

/** Null when a text is not the one we know. */
function textsOf(edits: readonly TextEdit[]): Map<string, string> | null {
  const texts = new Map<string, string>()
  for (const { file, pairs } of edits) {
    const text = edited(file, pairs)
    if (text === null) return null
    texts.set(urlOf(file), text)
  }
  return texts
}

function edited(file: string, pairs: TextEdit['pairs']): string | null {
  let text = readFileSync(new URL(urlOf(file)), 'utf8')
  for (const [anchor, replacement] of pairs) {
    if (text.split(anchor).length !== 2) return null
    text = text.replace(anchor, () => replacement)
  }
  return text
}

function urlOf(file: string): string {
  return pathToFileURL(require.resolve(`ssh2/lib/protocol/${file}`)).href
}
