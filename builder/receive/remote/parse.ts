import { isAppName } from '#contract/grammar.ts'
import { Refused } from '#builder/refused.ts'
import type { RemoteCommand, Typed } from './asking.ts'
import { remoteCommands } from './commands.ts'
import { splitWords } from './words.ts'

/** A command to run, `help`, or why it is none. */
export type RemoteLine =
  | { readonly kind: 'run'; readonly command: RemoteCommand; readonly typed: Typed }
  | { readonly kind: 'help' }

/** Reads the line of an `exec` request. Null when its first word is no command; throws Refused. */
export function parseRemote(line: string): RemoteLine | null {
  const name = /^[a-z:]{1,30}(?=\s|$)/.exec(line)?.[0] ?? ''
  if (name === 'help') return { kind: 'help' }
  if (!Object.hasOwn(remoteCommands, name)) return null
  const command = remoteCommands[name]
  if (command === undefined) return null
  const words = splitWords(line.slice(name.length))
  if (words === null) throw wrong(name, command, 'a quote is not closed')
  return { kind: 'run', command, typed: readTyped(name, command, words) }
}

function readTyped(name: string, command: RemoteCommand, words: readonly string[]): Typed {
  const left = [...words]
  const rest: string[] = []
  let [app, count, tail] = ['', null as number | null, false]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word === '-a' || word === '--app') app = left.shift() ?? ''
    else if (word === '-n' || word === '--num') count = numberIn(left.shift(), name, command)
    else if (word === '-t' || word === '--tail') tail = true
    else if (word.startsWith('-')) throw wrong(name, command, 'there is no such option')
    else rest.push(word)
  }
  if (command.needsApp && !isAppName(app)) throw wrong(name, command, 'it needs the name of an app')
  const [least, most] = command.words
  if (rest.length < least) throw wrong(name, command, 'a word is missing')
  if (rest.length > most) throw wrong(name, command, 'there are too many words')
  return { app, words: rest, count, tail }
}

function numberIn(word: string | undefined, name: string, command: RemoteCommand): number {
  if (/^[1-9]\d{0,5}$/.test(word ?? '')) return Number(word)
  throw wrong(name, command, 'what follows -n is no number')
}

function wrong(name: string, { usage }: RemoteCommand, why: string): Refused {
  return new Refused(
    'remote',
    `${name} cannot be run: ${why}`,
    `Use: ssh git@HOST ${name} ${usage}`,
  )
}
