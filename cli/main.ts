import { registerHooks } from 'node:module'
import { homedir } from 'node:os'
import { openCli } from './cli.ts'
import { exitCode, report } from './failure.ts'
import { ownWords } from './find-command.ts'
import { runCommand } from './run-command.ts'
import { openScreen } from './screen.ts'

// Nothing here checks a schema, and TypeBox's 300 files take 85 ms to load: more than all else of a
// start. Commands are imported later than this line, so what they import of the contract is light.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'typebox'
      ? { url: new URL('no-schema.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
})

const argv = process.argv.slice(2)
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130)
    interrupted.abort()
  })
}

// Whoever reads may leave early (`app logs | head`); that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

const screen = openScreen(process, ownWords(argv))
try {
  const cli = openCli({
    env: process.env,
    home: homedir(),
    folder: process.cwd(),
    screen,
    signal: interrupted.signal,
  })
  await runCommand(argv, cli)
} catch (error) {
  process.exitCode = exitCode(error, interrupted.signal)
  report(error, screen, { isDebug: process.env['DEBUG'] === '1', signal: interrupted.signal })
} finally {
  // Whatever still waits for input must not keep us.
  process.stdin.destroy()
}
