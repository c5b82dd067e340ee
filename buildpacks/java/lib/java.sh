# Which Java, and how it reaches registries. Sourced by bin/compile.

# (major version, file that says it) the app asks for; "default" when nothing does.
wanted_java() {
  local version
  for where in system.properties .java-version; do
    [[ -f $where ]] || continue
    version=$(sed -nE 's/^(java\.runtime\.version[[:space:]]*=)?[[:space:]]*(1\.)?([0-9]+).*/\3/p' "$where" | head -n 1)
    [[ -z $version ]] || { wanted=$version; return; }
  done
  for where in pom.xml build.gradle build.gradle.kts; do
    [[ -f $where ]] || continue
    version=$(grep -oE '<(maven\.compiler\.release|java\.version|maven\.compiler\.target|release)>[[:space:]]*(1\.)?[0-9]+|JavaLanguageVersion\.of\([0-9]+' "$where" |
      grep -oE '[0-9]+$' | head -n 1) || :
    [[ -z $version ]] || { wanted=$version; return; }
  done
  wanted=default where=
}

# A newer Java builds what is for an older one: the nearest of the store that is not older.
stored_java() {
  [[ $1 != default ]] || { stored_debian java; return; }
  local folder major nearest=
  for folder in "$SLIPWAY_RUNTIMES"/java/*-"$(suite)"; do
    major=${folder##*/}
    major=${major%%.*}
    [[ $major =~ ^[0-9]+$ ]] && ((major >= $1)) && ((major < ${nearest:-1000})) && nearest=$major
  done
  [[ -z $nearest ]] || stored_debian java "$nearest."
}

# Java reads no proxy variables; its certificates are those of the system already.
proxy_options() {
  local scheme url
  for scheme in http https; do
    url=${scheme^^}_PROXY
    [[ ${!url:-} =~ ^[a-z]+://([^:/@]+):([0-9]+) ]] || continue
    printf -- '-D%s.proxyHost=%s -D%s.proxyPort=%s ' "$scheme" "${BASH_REMATCH[1]}" "$scheme" "${BASH_REMATCH[2]}"
  done
  [[ -z ${NO_PROXY:-} ]] || printf -- '-Dhttp.nonProxyHosts=%s ' "${NO_PROXY//,/|}"
}

# What a build leaves that nothing of the app needs to run.
prune_target() {
  find . -path ./node_modules -prune -o -type d \( -path '*/target/test-classes' -o -path '*/target/surefire-reports' \
    -o -path '*/target/maven-status' -o -path '*/target/maven-archiver' -o -path '*/target/generated-*' \
    -o -path '*/build/tmp' -o -path '*/build/reports' -o -path '*/build/test-results' -o -path '*/build/classes/*/test' \
    \) -prune -exec rm -rf {} +
}
