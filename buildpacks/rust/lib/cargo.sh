# What the manifests say and what Cargo made of them. Sourced by bin/compile.

# The Rust of the stack is the only one, and builds what is for an older one.
check_wanted_rust() {
  local have=${version%-*} file wanted=
  for file in rust-toolchain.toml rust-toolchain Cargo.toml; do
    [[ -f $file ]] || continue
    wanted=$(sed -nE 's/^[[:space:]]*((channel|rust-version)[[:space:]]*=[[:space:]]*"?)?([0-9]+(\.[0-9]+){1,2})"?.*/\3/p' "$file" | head -n 1)
    [[ -z $wanted ]] || break
  done
  [[ -n $wanted && $(printf '%s\n' "$wanted" "$have" | sort -V | tail -n 1) != "$have" ]] || return 0
  fail "$file asks for Rust $wanted, but the stack ${STACK:-} has Rust $have." \
    "Write $have or an older one in $file, or use another stack."
}

# Crates are asked of the registry that the setting CARGO_MIRROR names.
use_mirror() {
  [[ -n ${CARGO_MIRROR:-} ]] || return 0
  printf '[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = "%s"\n' \
    "${CARGO_MIRROR//[\"\\]/}" > "$CARGO_HOME/config.toml"
}

build_programs() {
  local arguments=(--release --color never)
  if [[ -f Cargo.lock ]]; then arguments+=(--locked); else warn_of_no_lock Cargo.lock 'cargo generate-lockfile'; fi
  read -ra more <<< "${CARGO_BUILD_FLAGS:-}"
  step 'Building with Cargo (release)'
  logged cargo build "${arguments[@]}" "${more[@]}" || explain_cargo
}

# Names of the programs that the members of this workspace define.
find_programs() {
  cargo metadata --format-version 1 --no-deps --offline 2> /dev/null |
    jq -r '.packages[].targets[] | select(.kind | index("bin")) | .name' | sort -u
}

# The one that `cargo run` would start, when a manifest says so.
default_program() {
  cargo metadata --format-version 1 --no-deps --offline 2> /dev/null |
    jq -r '[.packages[].default_run // empty] | if length == 1 then .[0] else empty end'
}

keep_programs() {
  local program
  mkdir -p bin
  for program in $programs; do
    [[ ! -x $CARGO_TARGET_DIR/release/$program ]] || {
      install -m 755 "$CARGO_TARGET_DIR/release/$program" bin/
      strip --strip-debug "bin/$program" 2> /dev/null || :
      detail "bin/$program"
    }
  done
}

explain_cargo() {
  fail_on 'lock file .* needs to be updated|cannot update the lock file' \
    'Cargo.lock does not match Cargo.toml.' 'Run `cargo update --workspace` and commit Cargo.lock.'
  fail_on 'failed to parse manifest|failed to load manifest|could not parse input as TOML' \
    'A Cargo.toml cannot be read (see the lines of Cargo above).' 'Correct it there and push again.'
  fail_on 'requires rustc|lock file version .* (requires|was found)' \
    "A crate needs a newer Rust than ${version%-*}, which the stack ${STACK:-} has (see the lines of Cargo above)." \
    'Take an older version of it in Cargo.toml, or use another stack.'
  fail_on 'no matching package|failed to (download|get|fetch|query)|download of config.json failed' \
    'A crate of Cargo.toml could not be fetched (see the lines of Cargo above).' \
    'Correct its name or version in Cargo.toml; the setting CARGO_MIRROR names a mirror.'
  fail 'The programs of Cargo.toml could not be built (see the lines of Cargo above).' \
    'Make `cargo build --release` work on your machine and push again.'
}
