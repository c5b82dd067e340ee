# Packages of composer.lock. Sourced by bin/compile.

install_packages() {
  [[ -f composer.json ]] || return 0
  local key stamp=vendor/.slipway
  key=$(digest "php $version" -- composer.json composer.lock)
  if reuse_packages "$stamp" "$key"; then
    # The map of the app's own classes is made from its files.
    composer dump-autoload --quiet --no-dev --optimize
    return
  fi
  if [[ -f composer.lock ]]; then
    step 'Installing the packages of composer.lock'
  else
    warn_of_no_lock composer.lock 'composer update'
    step 'Installing the packages of composer.json'
  fi
  [[ -z ${COMPOSER_MIRROR:-} ]] || composer config --global repositories.packagist composer "$COMPOSER_MIRROR"
  logged composer install --no-dev --prefer-dist --optimize-autoloader --no-interaction --no-progress --no-ansi ||
    explain_composer
  mark_packages "$stamp" "$key"
}

# Packages that are folders of the app change with it, and so does a vendor folder that it brings.
can_keep() {
  [[ -f composer.lock && -z $is_vendored ]] && ! grep -qE '"type": *"path"' composer.json composer.lock
}

explain_composer() {
  fail_on 'requires php |requires ext-|missing from your system' \
    "composer.json or a package of it asks for another PHP than ${version%-*} or for an extension that is not there (see the lines of Composer above)." \
    'Correct "php" under "require" in composer.json, or use another stack.'
  fail_on 'lock file is not up to date|not present in the lock file' \
    'composer.lock does not match composer.json.' 'Run `composer update` and commit composer.lock.'
  fail_on 'could not be (downloaded|fully loaded|found)|Could not resolve host|curl error|could not find a' \
    'A package of composer.json could not be fetched (see the lines of Composer above).' \
    'Correct its name or version in composer.json; the setting COMPOSER_MIRROR names a mirror.'
  fail 'Composer could not install the packages of this app (see its lines above).' \
    'Make `composer install --no-dev` work on your machine and push again.'
}
