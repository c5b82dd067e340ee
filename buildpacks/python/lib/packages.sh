# How .venv comes to be. Sourced by bin/compile.

stack_python() { python3 --version | cut -d' ' -f2; }

# The Python of the stack is the only one; a file that asks for another minor version is an error.
check_wanted_version() {
  local wanted minor=${python_version%.*}
  [[ -f $1 ]] || return 0
  wanted=$(grep -v '^#' "$1" | head -n 1 | tr -d '[:space:]')
  wanted=${wanted#python-}
  wanted=${wanted#cpython-}
  [[ -n $wanted && $wanted != 3 && $wanted != "$minor" && $wanted != "$minor".* ]] || return 0
  fail "$1 asks for Python ${wanted:0:40}, but the stack ${STACK:-slipway-12} has Python $minor." \
    "Write $minor in $1, or remove that file."
}

# The file that names the packages. A lock wins over what it was made from.
find_source() {
  for source_file in uv.lock requirements.txt pyproject.toml; do
    [[ ! -f $source_file ]] || return 0
  done
  source_file=Pipfile
  [[ -f $source_file ]] || source_file=setup.py
  fail "The packages of this app are named in $source_file, which is not understood so far." \
    'Name them in requirements.txt (for example by `pip freeze > requirements.txt`) and commit it.'
}

install_packages() {
  local key stamp=.venv/.slipway
  key=$(packages_key)
  if can_keep && [[ -f $stamp && $(< "$stamp") == "$key" ]]; then
    detail 'Using cached dependencies'
    keep_layer
    return
  fi
  bring_uv
  step "Installing the packages of $source_file"
  rm -rf .venv
  if [[ $source_file == requirements.txt ]]; then
    install_requirements || explain_failure
  else
    install_project || explain_failure
  fi
  if can_keep; then
    echo "$key" > "$stamp"
    keep_layer
  fi
}

# Files that requirements.txt includes count as well.
packages_key() {
  local included=()
  mapfile -t included < <(included_files requirements.txt | sort -u)
  digest "python $python_version" "$source_file" -- \
    requirements.txt pyproject.toml uv.lock "${included[@]}"
}

# A file may include itself by a detour, so it goes no deeper than people do.
included_files() {
  local file depth=${2:-0}
  [[ -f $1 ]] && ((depth < 5)) || return 0
  sed -nE 's/^[[:space:]]*(-r|-c|--requirement|--constraint)[[:space:]=]*([^[:space:]#]+).*/\2/p' "$1" |
    while IFS= read -r file; do
      file=$(dirname "$1")/$file
      [[ ! -f $file ]] || echo "$file"
      included_files "$file" $((depth + 1))
    done
}

# A package that is part of the app changes with the app, so what it was installed to cannot be kept.
can_keep() {
  if [[ $source_file == requirements.txt ]]; then
    ! { echo requirements.txt; included_files requirements.txt; } | xargs -d '\n' cat |
      grep -qE '^[[:space:]]*(-e|--editable|\.|/|file:)|@[[:space:]]*file:'
  else
    ! grep -qE '^[[:space:]]*\[tool\.uv\.(sources|workspace)' pyproject.toml
  fi
}

bring_uv() {
  local newest
  [[ -d $SLIPWAY_RUNTIMES/uv ]] || need_runtime uv latest
  newest=$(find "$SLIPWAY_RUNTIMES/uv" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
  [[ -n $newest ]] || need_runtime uv latest
  export PATH=$SLIPWAY_RUNTIMES/uv/$newest/bin:$PATH
  export UV_CACHE_DIR=$cache/uv UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
  export UV_PROJECT_ENVIRONMENT=$build/.venv
  # Compiled here, once, and by content: copies start faster, and the same packages give the same bytes.
  export UV_COMPILE_BYTECODE=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH
  [[ -n ${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-}} || -z ${PIP_INDEX_URL:-} ]] ||
    export UV_DEFAULT_INDEX=$PIP_INDEX_URL
}

install_requirements() {
  uv venv --quiet --python /usr/bin/python3 .venv
  logged uv pip install --python .venv -r requirements.txt
}

install_project() {
  [[ -f pyproject.toml ]] || fail 'There is a uv.lock but no pyproject.toml.' 'Commit pyproject.toml as well.'
  if [[ $source_file == uv.lock ]]; then
    logged uv sync --python /usr/bin/python3 --frozen --no-dev
    return
  fi
  warning 'There is no uv.lock, so every build may get other versions.'
  printf 'hint: %s\n' 'Run `uv lock` and commit uv.lock.'
  logged uv sync --python /usr/bin/python3 --no-dev
  rm -f uv.lock
}

logged() { indented "$@" | tee "$HOME/uv.log"; }

explain_failure() {
  [[ -f $HOME/uv.log ]] || exit 1
  if grep -q 'Python requirement\|requires-python' "$HOME/uv.log"; then
    fail "pyproject.toml asks for another Python than $python_version, which the stack has." \
      "Correct requires-python in pyproject.toml, for example to \">=${python_version%.*}\"."
  elif grep -qE 'No solution found|not found in the package registry' "$HOME/uv.log"; then
    fail "A package of $source_file is not in the registry in that version (see uv's lines above)." \
      "Correct its name or version in $source_file and push again."
  fi
  fail "uv could not install the packages of $source_file (see its lines above)." \
    'If they install on your machine, push again.'
}

# Django's own step before serving. Its failure is told but stops nothing: many apps need none of it.
collect_static() {
  [[ -f manage.py && -z ${DISABLE_COLLECTSTATIC:-} ]] || return 0
  compgen -G '.venv/lib/python3*/site-packages/django' > /dev/null || return 0
  step 'Collecting static files (manage.py collectstatic)'
  PYTHONDONTWRITEBYTECODE=1 indented python manage.py collectstatic --noinput || {
    warning 'manage.py collectstatic failed; the app is built without its static files.'
    printf 'hint: %s\n' 'Set STATIC_ROOT in settings.py, or the config DISABLE_COLLECTSTATIC=1 if none are wanted.'
  }
}
