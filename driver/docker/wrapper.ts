/**
 * How a command line of a Procfile is run: `/bin/bash -c WRAPPER slipway COMMAND`. The command is
 * an argument all the way and never becomes part of this text.
 *
 * - `.profile.d/*.sh` of the app set PATH and the like; each is sourced inside a function, so that
 *   a `set --` in one of them leaves our own arguments alone.
 * - A simple command takes the shell's place, and SIGTERM reaches it at once.
 * - A list such as `a && b` leaves a shell, which would end at SIGTERM, and the container with it,
 *   before `b` could finish its requests. So it waits for what it runs (the init hands the signal
 *   to the whole process group) and ends with that exit code.
 */
export const treeEntrypoint: readonly string[] = [
  '/bin/bash',
  '-c',
  `cd /app
load() { . "$1"; }
shopt -s nullglob
for file in .profile.d/*.sh; do load "$file"; done
case $1 in
  *[';&|']*|*$'\\n'*) exec /bin/bash -c 'trap exit TERM; eval "$1"' bash "$1" ;;
  *) exec /bin/bash -c "$1" ;;
esac
`,
  'slipway',
]

/** For images, of which we know nothing but that a shell must be there to run a command line. */
export const imageEntrypoint: readonly string[] = ['/bin/sh', '-c']
