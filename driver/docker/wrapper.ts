/**
 * How a command line of a Procfile is run: `/bin/bash -c WRAPPER slipway COMMAND`. The command is
 * an argument all the way and never becomes part of this text.
 *
 * - `.profile.d/*.sh` of the app set PATH and the like; each is sourced inside a function, so that
 *   a `set --` in one of them leaves our own arguments alone.
 * - The inner shell waits for what it runs when SIGTERM comes (the init hands it to the whole
 *   process group) and ends with that exit code; without the trap `a && b` would end at once, and
 *   the container with it, before `b` could finish its requests.
 */
export const treeEntrypoint: readonly string[] = [
  '/bin/bash',
  '-c',
  `cd /app
load() { . "$1"; }
shopt -s nullglob
for file in .profile.d/*.sh; do load "$file"; done
shopt -u nullglob
exec /bin/bash -c 'trap exit TERM; eval "$1"' bash "$1"
`,
  'slipway',
]

/** For images, of which we know nothing but that a shell must be there to run a command line. */
export const imageEntrypoint: readonly string[] = ['/bin/sh', '-c']
