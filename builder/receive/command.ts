import { isAppName } from '#contract/grammar.ts'

/** What a connection may ask for: push to an app, or read it (clone, fetch). */
export interface Command {
  readonly kind: 'push' | 'read'
  readonly app: string
}

const grammar = /^git[- ](receive-pack|upload-pack) '\/?([a-z0-9-]{3,30})(?:\.git)?'$/

/** Reads the command line of an `exec` request; null when it is not exactly one of ours. */
export function parseCommand(line: string): Command | null {
  const [, service, app = ''] = grammar.exec(line) ?? []
  if (service === undefined || !isAppName(app)) return null
  return { kind: service === 'receive-pack' ? 'push' : 'read', app }
}

/** The one variable we take from a client: which git protocol it speaks. */
export function isProtocolVersion(key: string, value: string): boolean {
  return key === 'GIT_PROTOCOL' && /^version=[012]$/.test(value)
}
