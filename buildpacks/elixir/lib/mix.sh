# Steps of a build with Mix. Sourced by bin/compile.

# The Elixir of the stack is the only one.
check_wanted_elixir() {
  local have=${version%-*} file wanted=
  for file in .tool-versions elixir_buildpack.config; do
    [[ -f $file ]] || continue
    wanted=$(sed -nE 's/^elixir(_version)?[[:space:]=]+"?v?([0-9]+\.[0-9]+).*/\2/p' "$file" | head -n 1)
    [[ -z $wanted ]] || break
  done
  [[ -n $wanted && $wanted != "${have%.*}" ]] || return 0
  fail "$file asks for Elixir $wanted, but the stack ${STACK:-} has Elixir $have." \
    "Write ${have%.*} there, or use another stack."
}

# Hex is fetched only for apps whose packages come from it.
bring_hex() {
  [[ -f mix.lock ]] && grep -q '{:hex,' mix.lock || return 0
  mix local.hex --force --if-missing > "$HOME/log" 2>&1 && mix local.rebar --force --if-missing > "$HOME/log" 2>&1 && return
  indented tail -n 5 "$HOME/log"
  fail 'Hex, which mix.lock needs, could not be fetched.' \
    'Set HEX_MIRROR to a mirror of it, or keep the packages in a folder of the app and name it in mix.exs: {:name, path: "vendor/name"}.'
}

install_packages() {
  step 'Installing the packages of mix.exs'
  logged mix deps.get --only prod || explain_mix
  logged mix deps.compile || explain_mix
}

# Phoenix calls so what makes its style sheets and scripts.
build_assets() {
  grep -qE '"assets\.deploy"' mix.exs || return 0
  step 'Building assets (mix assets.deploy)'
  indented mix assets.deploy ||
    fail 'The alias "assets.deploy" of mix.exs failed (see its lines above).' \
      'Make `MIX_ENV=prod mix assets.deploy` work on your machine and push again.'
}

# All that runs, Erlang included, in one folder.
make_release() {
  step 'Making the release (mix release)'
  rm -rf _release
  logged mix release --overwrite --path _release --quiet || explain_mix
  # The same for every build of this app, so that the same tree gives the same slug.
  [[ -s $cache/cookie ]] || cp _release/releases/COOKIE "$cache/cookie"
  cp "$cache/cookie" _release/releases/COOKIE
}

explain_mix() {
  fail_on 'supports only Elixir' \
    "mix.exs asks for another Elixir than ${version%-*}, which the stack ${STACK:-} has." \
    "Correct \"elixir:\" in mix.exs, for example to \"~> ${version%.*-*}\", or use another stack."
  fail_on 'Could not find Hex|Failed to fetch|Unknown package|No matching version|econnrefused|nxdomain' \
    'A package of mix.exs could not be fetched (see the lines of Mix above).' \
    'Correct its name or version in mix.exs; the setting HEX_MIRROR names a mirror.'
  fail_on 'lock mismatch|Can.t continue due to errors on dependencies' \
    'mix.lock does not match mix.exs.' 'Run `mix deps.get` and commit mix.lock.'
  fail_on 'multiple releases|default_release' \
    'mix.exs defines several releases, and none of them is the default one.' \
    'Add default_release: :NAME to project in mix.exs.'
  fail 'Mix could not build this app (see its lines above).' \
    'Make `MIX_ENV=prod mix release` work on your machine and push again.'
}
