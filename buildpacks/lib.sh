# Small things every pack uses. Sourced by bash; sets nothing but functions.

# A stage of the build, and a line about it.
step() { printf -- '-----> %s\n' "$*"; }
detail() { printf '       %s\n' "$*"; }
warning() { printf 'warning: %s\n' "$*"; }
hint() { printf 'hint: %s\n' "$*"; }

# Ends the build: one sentence that names what to fix, and the next step.
fail() {
  printf 'error: %s\n' "$1"
  [[ -z ${2:-} ]] || hint "$2"
  exit 1
}

# Runs a command with its output indented and without colours; its exit code is kept (pipefail).
indented() { "$@" 2>&1 | sed -u 's/\x1b\[[0-9;]*m//g; /^[[:space:]]*$/d; s/^/       /'; }

# The same, and its lines are kept until the next one, for `fail_on`.
logged() { indented "$@" | tee "$HOME/log"; }

# Ends the build as `fail` does where what was logged matches a pattern.
fail_on() { ! is_logged "$1" || fail "${@:2}"; }
is_logged() { grep -qE -- "$1" "$HOME/log"; }

# A file that is not there, and the command that makes it.
warn_of_no_lock() {
  warning "There is no $1, so every build may get other versions."
  hint "Run \`$2\` and commit $1."
}

# Asks for a runtime that is not in the store; the builder fetches it and runs the build again.
need_runtime() {
  ask_runtime "$@"
  exit 75
}

# The same when there may be more to ask for at once.
ask_runtime() { printf '%s %s\n' "$1" "$2" >> "$SLIPWAY_NEEDS"; }

# Config of the app, one file per variable, into the environment; except what would break the tools
# that run here, and names that the pack itself uses.
export_config() {
  local file name
  for file in "$1"/*; do
    name=${file##*/}
    [[ -f $file && $name =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || continue
    [[ ! -v $name || ${!name@a} == *x* ]] || continue
    case $name in
      PATH | HOME | PWD | OLDPWD | TMPDIR | SHELL | IFS | ENV | BASH* | LD_* | GIT_* | SLIPWAY_*) ;;
      CPATH | LIBRARY_PATH | PYTHONHOME | PYTHONPATH | PS4 | PROMPT_COMMAND) ;;
      *) export "$name=$(< "$file")" ;;
    esac
  done
}

# Lines sourced where the app runs, and by the packs that come after this one.
write_profile() {
  mkdir -p "$1/.profile.d"
  printf '%s\n' "${@:3}" > "$1/.profile.d/$2.sh"
  [[ -z ${SLIPWAY_EXPORT:-} ]] || printf '%s\n' "${@:3}" > "$SLIPWAY_EXPORT"
}

# What `bin/release` would say, from a `bin/compile` that knows it already and saves the asking.
propose_web() {
  [[ -z ${SLIPWAY_RELEASE:-} ]] ||
    printf -- '---\ndefault_process_types:\n  web: %s\n' "$1" > "$SLIPWAY_RELEASE"
}

# The dependencies follow from lock files alone and may serve the next build too.
keep_layer() { [[ -z ${SLIPWAY_KEEP:-} ]] || echo keep > "$SLIPWAY_KEEP"; }

# Of a pack whose packages lie where the file $1 marks what they were made from, and which says by
# `can_keep` whether nothing else of the app is in them. False: they must be installed.
reuse_packages() {
  can_keep && [[ -f $1 && $(< "$1") == "$2" ]] || return 1
  detail 'Using cached dependencies'
  keep_layer
}

mark_packages() {
  can_keep || return 0
  mkdir -p "${1%/*}"
  echo "$2" > "$1"
  keep_layer
}

# A digest of its arguments and, after `--`, of files as far as they are there.
digest() {
  local words=() files=()
  while (($#)) && [[ $1 != -- ]]; do words+=("$1"); shift; done
  shift || :
  local file
  for file in "$@"; do [[ ! -f $file ]] || files+=("$file"); done
  { printf '%s\n' "${words[@]}"; ((${#files[@]} == 0)) || sha256sum -- "${files[@]}"; } |
    sha256sum | cut -c1-64
}

has_process() { [[ -f $1/Procfile ]] && grep -qE "^$2[[:space:]]*:" "$1/Procfile"; }

# The release of Debian that this stack is, by name. Runtimes made of its packages fit no other.
suite() {
  (. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
}

# The newest runtime of the store that was made of this suite's packages and begins with a version;
# nothing when there is none.
stored_debian() {
  local found
  found=$(compgen -G "$SLIPWAY_RUNTIMES/$1/${2:-}*-$(suite)" | sort -V | tail -n 1) || :
  [[ -z $found ]] || echo "${found##*/}"
}
