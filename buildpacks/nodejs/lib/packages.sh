# How node_modules comes to be and what is left of it. Sourced by bin/compile.

# What the packages in node_modules were made from, as far as this pack decides it.
packages_key() {
  digest "node $node_version" "$manager $manager_version" "$NODE_ENV" "${NPM_CONFIG_PRODUCTION:-}" "$linker" -- \
    package.json "$lock" .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs
}

# The version a layer was made with, if the store still has it and the range still allows it: a newer
# Node in the store is no reason to install all packages again.
kept_node() {
  local kept
  if [[ ${SLIPWAY_LAYER:-} == hit && -f $stamp ]]; then
    read -r kept _ < "$stamp"
    if [[ -x $SLIPWAY_RUNTIMES/node/$kept/bin/node ]]; then
      echo "$kept"
      return
    fi
  fi
  echo "$1"
}

install_packages() {
  [[ -n $has_packages ]] || { run_install_scripts; return; }
  local key
  key=$(packages_key)
  if is_kept "$key" && restore_dev_packages; then
    detail 'Using cached dependencies'
    keep_layer
    return
  fi
  if [[ -n $lock ]]; then
    step "Installing the packages of $lock"
  else
    warn_of_no_lock "${lock_of[$manager]}" "${manager/berry/yarn} install"
    step 'Installing the packages of package.json'
  fi
  rm -rf node_modules
  local dev=
  needs_dev_packages && dev=1
  logged "install_with_$manager" "$dev" || explain_failure
  [[ -n $can_keep ]] || return 0
  mkdir -p node_modules
  write_stamp
  keep_layer
}

write_stamp() { echo "$node_version $(packages_key)" > "$stamp"; }

is_kept() {
  local kept=
  [[ -n $can_keep && -f $stamp ]] && read -r _ kept < "$stamp"
  [[ $kept == "$1" ]]
}

# npm runs these after installing; an app without packages has nothing to install.
run_install_scripts() {
  local script
  for script in $install_scripts; do run_script "$script"; done
}

run_script() {
  step "Running the script \"$1\" of package.json"
  indented "run_with_$manager" "$1" ||
    fail "The script \"$1\" of package.json failed." \
      "Make \`${manager/berry/yarn} run $1\` work on your machine and push again."
}

wants_pruning() {
  [[ $NODE_ENV == production && ${NPM_CONFIG_PRODUCTION:-true} != false ]]
}

# Packages for development are needed by build scripts alone.
needs_dev_packages() { [[ -n $has_dev_packages && -n $build_script$prebuild ]]; }

# Takes away what only the build script needed. It is kept in the cache for the next one.
prune_packages() {
  needs_dev_packages && wants_pruning || return 0
  if [[ -z $can_keep ]]; then
    prune_now
    return
  fi
  local stash
  stash=$(dev_stash)
  [[ -f $stash.paths ]] || { rm -rf "$cache/dev"; mkdir -p "$cache/dev"; }
  if [[ $manager == npm && -n $lock ]]; then
    python3 -ISB "$pack/lib/dev_paths.py" "$lock" > "$stash.paths"
  elif [[ ! -f $stash.paths ]]; then
    prune_and_compare "$stash"
    return
  fi
  [[ -s $stash.paths ]] || return 0
  if [[ ! -f $stash.tar ]]; then
    tar -c --null -T "$stash.paths" -f "$stash.new"
    mv "$stash.new" "$stash.tar"
  fi
  xargs -0 rm -rf -- < "$stash.paths"
  find node_modules -depth -type d -empty -delete
}

prune_now() {
  step 'Removing packages for development'
  logged "prune_with_$manager" || explain_failure
}

# Not every lock says what is for development only, so what the manager takes away is looked at.
prune_and_compare() {
  local before=$build/.slipway-before
  rm -f "$stamp"
  cp -al node_modules "$before"
  prune_now
  (cd "$before" && find . ! -type d -print0 | LC_ALL=C sort -z) > "$HOME/before"
  (cd node_modules && find . ! -type d -print0 | LC_ALL=C sort -z) > "$HOME/after"
  LC_ALL=C comm -z -23 "$HOME/before" "$HOME/after" | sed -z 's|^\./|node_modules/|' > "$HOME/gone"
  sed -z 's|^node_modules/|./|' "$HOME/gone" > "$HOME/taken"
  tar -C "$before" -c --null --transform 's|^\./|node_modules/|S' -T "$HOME/taken" -f "$1.new"
  rm -rf "$before"
  mv "$1.new" "$1.tar"
  mv "$HOME/gone" "$1.paths"
  write_stamp
}

dev_stash() { echo "$cache/dev/$(packages_key)"; }

# Brings back what prune_packages took away; false when it is no longer there.
restore_dev_packages() {
  needs_dev_packages && wants_pruning || return 0
  local stash
  stash=$(dev_stash)
  [[ -f $stash.paths ]] || return 1
  [[ -s $stash.paths ]] || return 0
  tar -xf "$stash.tar" 2> /dev/null
}

explain_failure() {
  local said=${lock:-package.json} tool=${manager/berry/yarn}
  fail_on 'can only install packages when your package.json and|ERR_PNPM_OUTDATED_LOCKFILE|lockfile needs to be updated|YN0028|ERR_PNPM_LOCKFILE' \
    "$said does not match package.json." "Run \`$tool install\` and commit $said."
  fail_on 'E404|ETARGET|ERR_PNPM_(NO_MATCHING_VERSION|FETCH_404)|404 Not Found|Couldn.t find any versions|YN0082|YN0035' \
    "A package of $said is not in the registry (see the lines of $tool above)." \
    "Correct its name or version in package.json, run \`$tool install\`, and commit both files."
  fail_on 'ERESOLVE|ERR_PNPM_PEER_DEP' \
    "The packages of package.json contradict each other (see the lines of $tool above)." \
    "Make \`$tool install\` work on your machine, and commit package.json and ${lock_of[$manager]}."
  fail_on 'ERR_PNPM_UNSUPPORTED_ENGINE|EBADENGINE|is incompatible with this module' \
    "A package of $said is not made for Node.js $node_version (see the lines of $tool above)." \
    'Write the version it needs under engines.node in package.json.'
  fail "$tool could not install the packages of $said (see its lines above)." \
    "Try \`${frozen_of[$manager]}\` on your machine; if it works there, push again."
}
