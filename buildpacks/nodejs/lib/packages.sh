# How node_modules comes to be and what is left of it. Sourced by bin/compile.

# What the packages in node_modules were made from, as far as this pack decides it.
packages_key() {
  digest "node $node_version" "$NODE_ENV" "${NPM_CONFIG_PRODUCTION:-}" -- \
    package.json package-lock.json npm-shrinkwrap.json .npmrc
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
    npm_install ci
  else
    warning 'There is no package-lock.json, so every build may get other versions.'
    printf 'hint: %s\n' 'Run `npm install` and commit package-lock.json.'
    step 'Installing the packages of package.json'
    npm_install install --no-package-lock
  fi
  [[ -n $can_keep ]] || return 0
  mkdir -p node_modules
  echo "$node_version $key" > "$stamp"
  keep_layer
}

is_kept() {
  local kept=
  [[ -n $can_keep && -f $stamp ]] && read -r _ kept < "$stamp"
  [[ $kept == "$1" ]]
}

# Packages for development are needed by build scripts alone.
npm_install() {
  if needs_dev_packages; then set -- "$@" --include=dev; fi
  rm -rf node_modules
  indented npm "$@" | tee "$HOME/npm.log" || explain_npm_failure
}

explain_npm_failure() {
  if grep -q 'can only install packages when your package.json and' "$HOME/npm.log"; then
    fail "$lock does not match package.json." "Run \`npm install\` and commit $lock."
  elif grep -qE 'E404|ETARGET' "$HOME/npm.log"; then
    fail "A package of ${lock:-package.json} is not in the registry (see npm's lines above)." \
      'Correct its name or version in package.json, run `npm install`, and commit both files.'
  elif grep -q ERESOLVE "$HOME/npm.log"; then
    fail 'The packages of package.json contradict each other (see npm'\''s lines above).' \
      'Make `npm install` work on your machine, and commit package.json and package-lock.json.'
  fi
  fail "npm could not install the packages of ${lock:-package.json} (see its lines above)." \
    'Try `npm ci` on your machine; if it works there, push again.'
}

# npm runs these after installing; an app without packages has nothing to install.
run_install_scripts() {
  local script
  for script in $install_scripts; do run_script "$script"; done
}

run_script() {
  step "Running the script \"$1\" of package.json"
  indented npm run --silent "$1" ||
    fail "The script \"$1\" of package.json failed." "Make \`npm run $1\` work on your machine and push again."
}

wants_pruning() {
  [[ $NODE_ENV == production && ${NPM_CONFIG_PRODUCTION:-true} != false ]]
}

needs_dev_packages() { [[ -n $has_dev_packages && -n $build_script$prebuild ]]; }

# Takes away what only the build script needed. It is kept in the cache for the next one.
prune_packages() {
  needs_dev_packages && wants_pruning || return 0
  if [[ -z $can_stash ]]; then
    step 'Removing packages for development'
    indented npm prune --omit=dev --no-package-lock
    return
  fi
  local stash
  stash=$(dev_stash)
  python3 -ISB "$pack/lib/dev_paths.py" "$lock" > "$HOME/dev-paths"
  [[ -s $HOME/dev-paths ]] || return 0
  if [[ ! -f $stash ]]; then
    rm -rf "$cache/dev"
    mkdir -p "$cache/dev"
    tar -c --null -T "$HOME/dev-paths" -f "$stash.new"
    mv "$stash.new" "$stash"
  fi
  xargs -0 rm -rf -- < "$HOME/dev-paths"
}

dev_stash() { echo "$cache/dev/$(packages_key).tar"; }

# Brings back what prune_packages took away; false when it is no longer there.
restore_dev_packages() {
  needs_dev_packages && wants_pruning || return 0
  tar -xf "$(dev_stash)" 2> /dev/null
}
