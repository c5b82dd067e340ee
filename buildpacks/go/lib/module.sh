# What go.mod says and which packages are programs. Sourced by bin/compile and bin/release.

# Toolchains exist as modules from here on, and newer ones build older modules.
default_go=1.26

# The least Go that go.mod asks for: its toolchain line, else its go line.
wanted_go() {
  local version
  version=$(sed -nE 's/^toolchain[[:space:]]+go([0-9][0-9.]*).*/\1/p' go.mod | head -n 1)
  [[ -n $version ]] || version=$(sed -nE 's/^go[[:space:]]+([0-9][0-9.]*).*/\1/p' go.mod | head -n 1)
  local minor=${version#1.}
  minor=${minor%%.*}
  if [[ ! $version =~ ^1\.[0-9]+(\.[0-9]+)?$ ]] || ((minor < 21)); then version=$default_go; fi
  echo "$version"
}

# The newest patch release of the store that is not older than what is wanted; or nothing.
stored_go() {
  local line least found newest=
  IFS=. read -r _ line least <<< "$1"
  for found in "$SLIPWAY_RUNTIMES/go/1.$line".*; do
    found=${found##*.}
    [[ $found =~ ^[0-9]+$ ]] && ((found >= ${least:-0} && found >= ${newest:-0})) && newest=$found
  done
  [[ -z $newest ]] || echo "1.$line.$newest"
}

# Packages `main` of the root and of cmd/, as paths.
find_programs() {
  if [[ -n ${GO_INSTALL_PACKAGE_SPEC:-} ]]; then
    echo "$GO_INSTALL_PACKAGE_SPEC"
    return
  fi
  local folder folders=(.)
  [[ ! -d cmd ]] || mapfile -t -O 1 folders < <(find cmd -type d -printf './%p\n' | LC_ALL=C sort)
  for folder in "${folders[@]}"; do
    ! is_program "$folder" || echo "$folder"
  done
}

is_program() {
  compgen -G "$1/*.go" > /dev/null || return 1
  find "$1" -maxdepth 1 -name '*.go' ! -name '*_test.go' -exec grep -qE '^package main[[:space:]]*($|//)' {} \; \
    -print -quit | grep -q .
}

# The name `go build` gives the program of a package: its folder's, or for the root the module's.
program_name() {
  local path=$1
  [[ $path != . ]] || path=$(sed -nE 's/^module[[:space:]]+"?([^"[:space:]]+).*/\1/p' go.mod | head -n 1)
  local name=${path##*/}
  [[ ! $name =~ ^v[0-9]+$ || $path != */* ]] || { path=${path%/*}; name=${path##*/}; }
  echo "$name"
}

explain_failure() {
  fail_on 'missing go.sum entry|updates to go.(mod|sum) needed' \
    'go.mod and go.sum do not match the imports of this module.' 'Run `go mod tidy` and commit go.mod and go.sum.'
  fail_on 'inconsistent vendoring' \
    'The folder vendor does not match go.mod.' 'Run `go mod vendor` and commit the folder vendor.'
  fail_on 'go.mod requires go >=|requires newer Go' \
    "A module needs a newer Go than $version (see its lines above)." 'Raise the `go` line of go.mod and commit it.'
  fail 'The programs of this module could not be built (see the lines of go above).' \
    'Make `go build ./...` work on your machine and push again.'
}
