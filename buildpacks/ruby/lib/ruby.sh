# Sourced by bin/compile and bin/runtime.

# What a Ruby that was built for /usr needs to know in order to lie elsewhere.
ruby_environment() {
  local api=("$1"/usr/lib/ruby/[0-9]*) arch=("$1"/libs/ruby/[0-9]*)
  printf 'export PATH=%s/usr/bin:$PATH\n' "$1"
  printf 'export RUBYLIB=%s/usr/lib/ruby/vendor_ruby:%s:%s${RUBYLIB:+:$RUBYLIB}\n' "$1" "${api[0]}" "${arch[0]}"
  printf 'export LD_LIBRARY_PATH=%s/libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\n' "$1"
}

find_itself() { eval "$(ruby_environment "$1")"; }

# The Ruby of the stack is the only one; a file that asks for another minor version is an error.
check_wanted_ruby() {
  local have=${version%-*} wanted
  [[ -f .ruby-version ]] || return 0
  wanted=$(head -n 1 .ruby-version | tr -d '[:space:]')
  wanted=${wanted#ruby-}
  [[ -n $wanted && $wanted.x != "${have%.*}".* ]] || return 0
  fail ".ruby-version asks for Ruby ${wanted:0:40}, but the stack ${STACK:-} has Ruby $have." \
    "Write ${have%.*} in .ruby-version, or use another stack."
}

install_gems() {
  local key stamp=vendor/bundle/.slipway
  key=$(digest "ruby $version" "$BUNDLE_WITHOUT" -- Gemfile Gemfile.lock)
  ! reuse_packages "$stamp" "$key" || return 0
  step "Installing the gems of ${lock:-Gemfile}"
  rm -rf vendor/bundle
  [[ -z ${RUBYGEMS_MIRROR:-} ]] || bundle config set --global mirror.all "$RUBYGEMS_MIRROR"
  # With its own copies of all gems an app needs no registry.
  if compgen -G 'vendor/cache/*.gem' > /dev/null && bundle install --local --quiet > "$HOME/log" 2>&1; then
    detail 'From vendor/cache'
  else
    logged bundle install || explain_bundler
  fi
  rm -rf vendor/bundle/ruby/*/cache
  mark_packages "$stamp" "$key"
}

# Gems that are folders of the app change with it.
can_keep() { [[ -n $lock ]] && ! grep -qE '^PATH$' Gemfile.lock; }

explain_bundler() {
  fail_on 'Your Ruby version is' \
    "Gemfile asks for another Ruby than ${version%-*}, which the stack ${STACK:-} has." \
    "Correct the line \`ruby\` of Gemfile, for example to \`ruby \"~> ${version%.*-*}.0\"\`, or use another stack."
  ! is_logged 'lockfile|deployment mode|frozen' ||
    fail_on '[Cc]hanged|[Mm]issing|[Cc]an.t be updated|[Oo]ut of sync' \
      'Gemfile.lock does not match Gemfile.' 'Run `bundle install` and commit Gemfile.lock.'
  fail_on 'Could not (fetch|reach|find)|Network error|Failed to open TCP|timed out' \
    'A gem of Gemfile could not be fetched (see the lines of Bundler above).' \
    'Correct its name or version in Gemfile; the setting RUBYGEMS_MIRROR names a mirror, and `bundle package` puts the gems into vendor/cache.'
  fail_on 'native extension' \
    'A gem of Gemfile could not be compiled (see the lines of Bundler above).' \
    'Name the Debian packages it needs in a file Aptfile, one a line, and push again.'
  fail "Bundler could not install the gems of ${lock:-Gemfile} (see its lines above)." \
    'Make `bundle install` work on your machine and push again.'
}

has_gem() { grep -qsE "^    $1 \(" Gemfile.lock; }

# Rails compiles its assets into public/, once and here.
precompile_assets() {
  has_gem railties && [[ -f Rakefile || -f bin/rails ]] || return 0
  has_gem 'sprockets(-rails)?' || has_gem propshaft || return 0
  step 'Precompiling assets (rails assets:precompile)'
  SECRET_KEY_BASE_DUMMY=1 SECRET_KEY_BASE=${SECRET_KEY_BASE:-1} indented bundle exec rake assets:precompile ||
    fail 'The assets of this app could not be precompiled (see the lines of Rails above).' \
      'Make `RAILS_ENV=production rake assets:precompile` work on your machine and push again.'
  rm -rf tmp/cache/assets
}
