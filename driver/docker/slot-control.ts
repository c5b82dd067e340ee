import { constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { exec } from '#lib/exec.ts'

/** Where a slot finds its two pipes. */
export const controlTarget = '/run/slot'

/** An empty slot that was given nothing to do for so long goes by itself. */
const patienceS = 3600

/**
 * How a slot waits for its job. In Perl, which every Debian has: a shell drops variables whose names it
 * does not like (`NPM_CONFIG_//host/:_authToken`). A job that breaks off, since whoever gave it was
 * killed, is not begun.
 */
const wait = `$/ = "\\0";
alarm ${patienceS};
delete $ENV{PERL_BADLANG};
open(my $say, '>', '${controlTarget}/end') or exit 126;
syswrite $say, "ready\\n";
open(my $job, '<', '${controlTarget}/job') or exit 126;
sub take { map { my $text = <$job>; defined $text && chomp $text or exit 126; $text } 1 .. shift }
my ($variables, $words) = take(2);
%ENV = (%ENV, map { split /=/, $_, 2 } take($variables));
my @argv = take($words);
close $job;
alarm 0;
sub become { exec { $argv[0] } @argv; print STDERR "$argv[0]: $!\\n"; exit 127 }
`

/**
 * Does the job and tells its exit code. The end of this is the end of the container, and so of all that
 * the job left running.
 */
const tell = `chdir $ENV{HOME};
my $child = fork;
become() if $child == 0;
waitpid $child, 0;
my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;
syswrite $say, "$code\\n";
exit $code;
`

/** Of a sandbox, that ends with its job. */
export const waiter = perl(wait + tell)
/** Of a copy: it says that it has its job, which then takes its place, so that signals reach it. */
export const successor = perl(`${wait}syswrite $say, "0\\n"; close $say; become();`)

function perl(program: string): readonly string[] {
  return ['/usr/bin/perl', '-e', program]
}

/** What a slot is told to do. */
interface Job {
  readonly argv: readonly string[]
  /** On top of what the slot was made with. */
  readonly env: Readonly<Record<string, string>>
}

/** The host's end of the two pipes. */
export interface Control {
  /** It runs, and waits. */
  readonly ready: Promise<void>
  /** Resolves when the pipe has it all. */
  give(job: Job): Promise<void>
  /** What the waiter says of the job's end, or a successor (0) of its start; pending for ever when killed. */
  readonly code: Promise<number>
  close(): void
}

/** Makes the pipes in a directory of the host. They are no files: nothing of a job touches a disk. */
export async function openControl(folder: string, signal: AbortSignal): Promise<Control> {
  const [jobPath, endPath] = [join(folder, 'job'), join(folder, 'end')]
  await exec('mkfifo', ['--mode=0666', jobPath, endPath], signal)
  const job = openPipe(jobPath, { readable: false, writable: true })
  const end = openPipe(endPath, { readable: true, writable: false })
  const said = listen(end)
  // A slot that only waits is no reason for this process to stay.
  const rest = (): void => {
    for (const pipe of [job, end]) pipe.unref()
  }
  void said.ready.then(rest)
  return {
    ...said,
    give: ({ argv, env }) => {
      for (const pipe of [job, end]) pipe.ref()
      const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const all = [String(variables.length), String(argv.length), ...variables, ...argv]
      return new Promise((resolve) =>
        job.write(all.map((text) => `${text}\0`).join(''), () => resolve()),
      )
    },
    close: () => {
      job.destroy()
      end.destroy()
    },
  }
}

// Open both ways, so that neither end has to wait for the other to come, nor hears when it goes.
function openPipe(path: string, ways: { readable: boolean; writable: boolean }): Socket {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  return new Socket({ fd, ...ways }).on('error', () => undefined)
}

/** The job itself may write here as well: what is no code is not waited out, only ignored. */
function listen(end: Socket): Pick<Control, 'ready' | 'code'> {
  const [ready, code] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()]
  let text = ''
  end.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('latin1')).slice(0, 16)
    if (text.startsWith('ready\n')) ready.resolve()
    const found = /^ready\n(\d{1,3})\n/.exec(text)
    if (found !== null) code.resolve(Number(found[1]))
  })
  return { ready: ready.promise, code: code.promise }
}
