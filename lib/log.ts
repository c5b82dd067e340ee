/** Fields of a log line. Values of config or secrets never stand here; their names may. */
type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  info(event: string, fields?: Fields): void
  warn(event: string, fields?: Fields): void
  /** With the error whole: for bugs and for what an operator must see. */
  error(event: string, error: unknown, fields?: Fields): void
}

/** JSON lines on standard error: `{"at","level","program","event",…}`. */
export function openLog(program: string, write = writeLine): Log {
  const line = (level: string, event: string, fields?: Fields): void =>
    write(JSON.stringify({ at: new Date().toISOString(), level, program, event, ...fields }))
  return {
    info: (event, fields) => line('info', event, fields),
    warn: (event, fields) => line('warn', event, fields),
    error: (event, error, fields) => line('error', event, { ...fields, error: describe(error) }),
  }
}

function writeLine(text: string): void {
  process.stderr.write(`${text}\n`)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `; caused by ${describe(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
