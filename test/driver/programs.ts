import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { exits, idles, ignoresSignals, serves } from '#driver/memory/memory.ts'
import type { Program } from '#driver/memory/memory.ts'

/** A process both kinds of driver can run: as a command line, and as a function. */
interface Both {
  readonly command: string
  readonly program: Program
}

const server = `perl -MIO::Socket::INET -e '
  $server = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 9, ReuseAddr => 1) or die;
  while ($client = $server->accept) {
    while (<$client>) { last if /^\\r?$/ }
    print $client "HTTP/1.0 200 OK\\r\\n\\r\\nhello\\n"; close $client;
  }'`

export const programs = {
  idles: { command: 'exec sleep 600', program: idles },
  ignoresSignals: {
    command: `trap '' TERM; while :; do sleep 0.1; done`,
    program: ignoresSignals,
  },
  exits3: { command: 'exit 3', program: exits(3) },
  /** Well in a copy that was told so by its environment. */
  greets: {
    command: '[ "$HELLO" = world ] && [ "$PWD" = /app ] || exit 1',
    program: exits(0),
  },
  serves: { command: server, program: serves() },
  cleansUp: {
    command: `trap 'sleep 0.2; echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done`,
    program: async ({ stdout, told }) => {
      stdout.write('ready\n')
      await once(told, 'abort')
      await pause(200)
      stdout.write('bye\n')
      return 0
    },
  },
  speaks: {
    command: 'echo one; echo two >&2; sleep 0.3; echo three; printf end',
    program: async ({ stdout, stderr }) => {
      stdout.write('one\n')
      stderr.write('two\n')
      await pause(300)
      stdout.write('three\nend')
      return 0
    },
  },
  shouts: {
    command: 'while read -r line; do echo "${line^^}"; done; echo done >&2; exit 5',
    program: async ({ stdin, stdout, stderr }) => {
      for await (const chunk of stdin) stdout.write(String(chunk).toUpperCase())
      stderr.write('done\n')
      return 5
    },
  },
} as const satisfies Record<string, Both>

/** The function that stands for a command line. */
export function programOf(command: string | null): Program {
  const both = Object.values(programs).find((program) => program.command === command)
  if (both === undefined) throw new Error(`no program stands for: ${command}`)
  return both.program
}
