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
  no_such_python "$1" "Python ${wanted:0:40}" "Write $minor in $1, remove that file"
}

# Other Pythons, which uv brings elsewhere, come from no package registry; so none is fetched.
no_such_python() {
  fail "$1 asks for $2, but the stack ${STACK:-} has Python $python_version, and no other is fetched." \
    "$3, or use another stack."
}

# `requires-python = ">=3.13"`, or Poetry's `python = "^3.13"`, before anything is installed.
check_required_python() {
  [[ -f pyproject.toml ]] || return 0
  local wanted
  wanted=$(python3 -ISB "$pack/lib/project.py" requires "$python_version") || {
    printf '%s\n' "$wanted"
    exit 1
  }
  [[ -z $wanted ]] ||
    no_such_python pyproject.toml "Python $wanted" "Write requires-python = \">=${python_version%.*}\" there"
}

# The file that names the packages. A lock wins over what it was made from.
find_source() {
  for source_file in uv.lock poetry.lock Pipfile.lock requirements.txt pyproject.toml; do
    [[ ! -f $source_file ]] || break
  done
  if [[ $source_file == pyproject.toml && -f $source_file ]] && ! grep -q '^\[project\]' pyproject.toml; then
    fail 'pyproject.toml has no [project], and there is no poetry.lock.' \
      'Run `poetry lock` (or name the packages under dependencies of [project]) and commit what it writes.'
  fi
  [[ ! -f $source_file ]] || return 0
  [[ ! -f Pipfile ]] ||
    fail 'There is a Pipfile but no Pipfile.lock.' 'Run `pipenv lock` and commit Pipfile.lock.'
  source_file=setup.py
  fail "The packages of this app are named in $source_file, which is not understood so far." \
    'Name them in requirements.txt (for example by `pip freeze > requirements.txt`) and commit it.'
}

install_packages() {
  local key stamp=.venv/.slipway
  key=$(packages_key)
  ! reuse_packages "$stamp" "$key" || return 0
  bring_uv
  step "Installing the packages of $source_file"
  rm -rf .venv
  case $source_file in
    requirements.txt) install_requirements requirements.txt || explain_failure ;;
    poetry.lock | Pipfile.lock)
      write_requirements
      install_requirements "$HOME/requirements.txt" || explain_failure
      ;;
    *) install_project || explain_failure ;;
  esac
  mark_packages "$stamp" "$key"
}

# Files that requirements.txt includes count as well.
packages_key() {
  local included=()
  mapfile -t included < <(included_files requirements.txt | sort -u)
  digest "python $python_version" "$source_file" -- \
    requirements.txt pyproject.toml uv.lock poetry.lock Pipfile.lock "${included[@]}"
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
  elif [[ -f pyproject.toml ]]; then
    ! grep -qE '^[[:space:]]*\[tool\.uv\.(sources|workspace)|path[[:space:]]*=' pyproject.toml
  else
    ! grep -qE '"(path|editable|file)":' "$source_file"
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
  logged uv pip install --python .venv -r "$1" || return 1
  # A package below src/ is found as if it were installed; one beside pyproject.toml is found anyway.
  [[ $source_file != poetry.lock || ! -d src ]] || logged uv pip install --quiet --python .venv --no-deps -e .
}

# The same packages in the words of pip, so that all come by one way: that of the platform's index.
write_requirements() {
  if [[ $source_file == Pipfile.lock ]]; then
    python3 -ISB "$pack/lib/project.py" pipfile > "$HOME/requirements.txt" || { cat "$HOME/requirements.txt"; exit 1; }
    return
  fi
  [[ -f pyproject.toml ]] || fail 'There is a poetry.lock but no pyproject.toml.' 'Commit pyproject.toml as well.'
  uv tool run --quiet --python /usr/bin/python3 --from 'poetry>=2,<3' --with poetry-plugin-export \
    poetry export --no-ansi --format requirements.txt --output "$HOME/requirements.txt" > "$HOME/log" 2>&1 || {
    indented cat "$HOME/log"
    fail_on 'changed significantly|not up to date|Run .poetry lock' \
      'poetry.lock does not match pyproject.toml.' 'Run `poetry lock` and commit poetry.lock.'
    explain_failure
  }
}

install_project() {
  [[ -f pyproject.toml ]] || fail 'There is a uv.lock but no pyproject.toml.' 'Commit pyproject.toml as well.'
  if [[ $source_file == uv.lock ]]; then
    logged uv sync --python /usr/bin/python3 --frozen --no-dev
    return
  fi
  warn_of_no_lock uv.lock 'uv lock'
  logged uv sync --python /usr/bin/python3 --no-dev
  rm -f uv.lock
}

explain_failure() {
  [[ -f $HOME/log ]] || exit 1
  ! is_logged 'Python requirement|requires-python|No interpreter found' ||
    no_such_python pyproject.toml 'another Python' "Write requires-python = \">=${python_version%.*}\" there"
  fail_on 'No solution found|not found in the package registry' \
    "A package of $source_file is not in the registry in that version (see uv's lines above)." \
    "Correct its name or version in $source_file and push again."
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
    hint 'Set STATIC_ROOT in settings.py, or the config DISABLE_COLLECTSTATIC=1 if none are wanted.'
  }
}
