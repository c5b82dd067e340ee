# The package managers, each the same three ways: install (with packages for development or without),
# prune, run a script. Sourced by bin/compile.

declare -A lock_of=([npm]=package-lock.json [pnpm]=pnpm-lock.yaml [yarn]=yarn.lock [berry]=yarn.lock)
declare -A frozen_of=([npm]='npm ci' [pnpm]='pnpm install --frozen-lockfile'
  [yarn]='yarn install --frozen-lockfile' [berry]='yarn install --immutable')

# Settings that all of them would otherwise make for themselves outside of the cache.
set_up_managers() {
  export npm_config_cache=$cache/npm npm_config_prefer_offline=true npm_config_logs_max=0
  export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
  export npm_config_progress=false npm_config_loglevel=${NPM_CONFIG_LOGLEVEL:-warn}
  export COREPACK_ENABLE_STRICT=0 CI=${CI:-true}
  # Headers for native modules, so that node-gyp need not fetch them.
  export npm_package_config_node_gyp_nodedir=$runtime
  [[ $manager != berry ]] || set_up_berry
}

# ---- npm

install_with_npm() {
  local dev=${1:+--include=dev}
  if [[ -n $lock ]]; then npm ci $dev; else npm install --no-package-lock $dev; fi
}
prune_with_npm() { npm prune --omit=dev --no-package-lock; }
run_with_npm() { npm run --silent "$1"; }

# ---- pnpm

# Its own version is chosen already: it shall not fetch another.
pnpm_() { npm_config_manage_package_manager_versions=false pnpm "$@"; }
install_with_pnpm() {
  local arguments=(--store-dir "$cache/pnpm" --prefer-offline --reporter append-only --package-import-method copy)
  [[ -n $lock ]] && arguments+=(--frozen-lockfile) || arguments+=(--no-lockfile)
  [[ -n $1 ]] && arguments+=(--prod=false) || arguments+=(--prod)
  pnpm_ install "${arguments[@]}" "${@:2}"
}
# Packages that nothing needs any longer would stay for a week.
prune_with_pnpm() { install_with_pnpm '' --ignore-scripts --config.modules-cache-max-age=0; }
run_with_pnpm() { pnpm_ --silent run "$1"; }

# ---- Yarn 1

install_with_yarn() {
  local code=0 arguments=(--frozen-lockfile --non-interactive --no-progress --prefer-offline --cache-folder "$cache/yarn")
  [[ -n $lock ]] || arguments[0]=--no-lockfile
  [[ -n $1 ]] && arguments+=(--production=false) || arguments+=(--production=true)
  ask_own_registry
  NODE_OPTIONS="${NODE_OPTIONS:-} --no-deprecation" yarn install "${arguments[@]}" "${@:2}" || code=$?
  [[ ! -f $HOME/yarn.lock ]] || mv "$HOME/yarn.lock" yarn.lock
  return "$code"
}

# The lock says for each package where it came from; the platform's registry has the same ones.
ask_own_registry() {
  local registry=${NPM_CONFIG_REGISTRY:-}
  [[ -n $lock && -n $registry && ! -f .npmrc && ! -f .yarnrc ]] || return 0
  export YARN_REGISTRY=${registry%/}
  cp -p yarn.lock "$HOME/yarn.lock"
  sed -i -E "s#^(  resolved \")https?://[^/\"]+/((@[^/\"]+/)?[^/\"]+/-/[^/\"]+\.tgz)#\1${YARN_REGISTRY//[#&\\]/}/\2#" yarn.lock
}
prune_with_yarn() { install_with_yarn '' --ignore-scripts; }
run_with_yarn() { yarn --silent run "$1"; }

# ---- Yarn from 2 on

set_up_berry() {
  export YARN_GLOBAL_FOLDER=$cache/yarn-berry YARN_ENABLE_TELEMETRY=0 YARN_ENABLE_PROGRESS_BARS=0
  [[ -z ${NPM_CONFIG_REGISTRY:-} ]] || export YARN_NPM_REGISTRY_SERVER=${NPM_CONFIG_REGISTRY%/}
  [[ -z ${HTTPS_PROXY:-} ]] || export YARN_HTTPS_PROXY=$HTTPS_PROXY
  [[ ${NPM_CONFIG_REGISTRY:-} != http://* ]] || export YARN_UNSAFE_HTTP_WHITELIST='*'
  # Apps that do not say otherwise get the folder that every other tool knows.
  [[ -n $linker ]] || export YARN_NODE_LINKER=node-modules
  # What Plug'n'Play loads from must be part of the app.
  [[ $linker != pnp ]] || export YARN_ENABLE_GLOBAL_CACHE=false
}
berry() { if [[ -n $manager_script ]]; then node "$build/$manager_script" "$@"; else yarn "$@"; fi; }
install_with_berry() {
  # A lock that is not there yet could not be kept as it is.
  [[ -n $lock ]] || { berry install --no-immutable; return; }
  if [[ -n $1 || -z $has_dev_packages || $linker == pnp ]]; then berry install --immutable; else prune_with_berry; fi
}
prune_with_berry() {
  [[ $linker == pnp ]] || berry workspaces focus --all --production
}
run_with_berry() { berry run "$1"; }
