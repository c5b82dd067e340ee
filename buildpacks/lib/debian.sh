# Programs out of Debian packages, unpacked into a folder instead of installed: no root, no maintainer
# scripts. Sourced by the `bin/runtime` of packs, and by the pack that reads an Aptfile.

# apt with lists, cache and lock of its own; what the image has installed counts as there, or what
# `debian_status` lists.
# It trusts the archive keys of the image and asks the mirror of the image.
debian_apt() {
  local state=$debian_scratch
  http_proxy=${http_proxy:-${HTTP_PROXY:-}} https_proxy=${https_proxy:-${HTTPS_PROXY:-}} \
    LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" \
    -o Dir::State="$state" -o Dir::State::status="${debian_status:-/var/lib/dpkg/status}" -o Dir::Cache="$state" \
    -o Dir::Etc::Trusted="/etc/apt/trusted.gpg" -o Debug::NoLocking=true -o APT::Sandbox::User= \
    -o APT::Get::AllowUnauthenticated=false -o Acquire::Languages=none -o Acquire::Retries=2 \
    ${SSL_CERT_FILE:+-o Acquire::https::CAInfo="$SSL_CERT_FILE"}
}

# Reads what the mirror has. Its argument is a folder for lists and packages; it may be kept.
debian_update() {
  debian_scratch=$1
  mkdir -p "$debian_scratch/lists/partial" "$debian_scratch/archives/partial"
  debian_apt apt-get -qq update > "$debian_scratch/log" 2>&1 && return
  grep '^[EW]:' "$debian_scratch/log" | head -n 5
  fail 'The Debian mirror of this stack does not answer.' \
    'Check the network, the proxy and SLIPWAY_CA_BUNDLE of the platform, and push again.'
}

# The version of a package that would be taken; nothing when there is none.
debian_version() {
  debian_apt apt-cache policy "$1" | sed -n 's/^  Candidate: \([^(].*\)/\1/p'
}

# Downloads packages and what they need beyond the image to archives/.
debian_download() {
  debian_apt apt-get -qq -y --no-install-recommends --download-only install "$@" \
    > "$debian_scratch/log" 2>&1
}

# Unpacks what was downloaded. Links that begin at the root are made to stay in the folder.
debian_unpack() {
  local package folder
  for folder in bin sbin lib; do
    mkdir -p "$1/usr/$folder"
    ln -sfn "usr/$folder" "$1/$folder"
  done
  for package in "$debian_scratch"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" |
      tar -x -C "$1" --no-same-owner --no-same-permissions --keep-directory-symlink --exclude=./usr/share/doc \
        --exclude=./usr/share/man --exclude=./usr/share/locale --exclude=./usr/share/info \
        --exclude=./usr/share/lintian --exclude=./usr/share/bug
  done
  # Nothing here changes its user.
  find "$1" -type f -perm /6000 -exec chmod ug-s {} +
  local link target
  while IFS= read -r -d '' link; do
    target=$(readlink "$link")
    [[ ! -e $1$target && ! -L $1$target ]] || ln -snfr "$1$target" "$link"
  done < <(find "$1" -type l -lname '/*' -print0)
}

# Fills OUT with packages of the suite and what they need; `libs` in it is the folder of libraries.
#   debian_fill OUT PACKAGE…           (after debian_update)
debian_fill() {
  local out=$1
  shift
  step "Fetching $1 $(debian_version "$1") and what it needs from Debian $(suite)"
  debian_download "$@" || {
    grep '^E:' "$debian_scratch/log" | head -n 5
    fail "The package $1 could not be fetched from the Debian mirror of this stack." 'Try again in a while.'
  }
  debian_unpack "$out"
  rm -rf "$debian_scratch"
  local lib
  for lib in "$out"/usr/lib/*-linux-gnu; do [[ ! -d $lib ]] || ln -sfn "usr/lib/${lib##*/}" "$out/libs"; done
}

# Scripts that name their interpreter at its installed place take the first of PATH instead.
#   debian_relocate OUT php
debian_relocate() {
  { grep -rlIE "^#! ?/usr/bin/$2" "$1/usr/bin" || :; } | xargs -r sed -i -E "1s|^#! ?/usr/bin/($2[^ ]*).*|#!/usr/bin/env \1|"
}

# 1:17.0.9+9-1~deb12u1 → 17.0.9
plain_version() {
  local version=${1#*:}
  version=${version%%[-+~]*}
  echo "${version//[^A-Za-z0-9.]/.}"
}
