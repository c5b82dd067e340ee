import { processTypePattern } from '#contract/grammar.ts'
import type { ProcessTypes } from '#contract/release.ts'
import { Refused } from '#builder/refused.ts'

const limitBytes = 64 * 1024
const limitTypes = 100

/**
 * Reads a Procfile: `web: node server.js`, one line each; `#` begins a comment line.
 *
 * Throws Refused with the number of the first line that is wrong and what to write instead.
 */
export function parseProcfile(text: string): ProcessTypes {
  if (text.length > limitBytes) throw wrong('the Procfile is larger than 64 kB', form)
  const types: ProcessTypes = {}
  // An editor may have put a byte order mark in front.
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n|\r/)
  for (const [index, line] of lines.entries()) {
    const entry = parseLine(line.trim(), index + 1)
    if (entry === null) continue
    if (Object.hasOwn(types, entry.type)) throw twice(entry.type, index + 1)
    types[entry.type] = entry.command
  }
  if (Object.keys(types).length > limitTypes) throw wrong('the Procfile has too many types', form)
  return types
}

const form = 'Each line is "type: command", for example: web: node server.js'
const typeName = new RegExp(processTypePattern)

function parseLine(line: string, number: number): { type: string; command: string } | null {
  if (line === '' || line.startsWith('#')) return null
  const colon = line.indexOf(':')
  if (colon < 0) throw wrong(`line ${number} of the Procfile has no colon`, form)
  const type = line.slice(0, colon).trim()
  const command = line.slice(colon + 1).trim()
  if (!typeName.test(type)) throw badType(number)
  if (command === '') throw wrong(`line ${number} of the Procfile has no command`, form)
  if (command.includes('\0')) throw wrong(`line ${number} of the Procfile has a zero byte`, form)
  return { type, command }
}

function badType(number: number): Refused {
  const fix = 'A type is 1 to 63 letters, digits, - or _, for example: web: node server.js'
  return wrong(`line ${number} of the Procfile does not begin with a process type`, fix)
}

function twice(type: string, number: number): Refused {
  return wrong(`line ${number} of the Procfile names "${type}" a second time`, 'Keep one of them.')
}

function wrong(message: string, fix: string): Refused {
  return new Refused('procfile', message, fix)
}
