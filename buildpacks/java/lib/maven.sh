# Building with Maven. Sourced by bin/compile.

build_with_maven() {
  local arguments=(-B -ntp -Dstyle.color=never -DskipTests "-Dmaven.repo.local=$cache/maven/repository")
  MAVEN_OPTS="${MAVEN_OPTS:-} -Djansi.mode=strip $(proxy_options)"
  export MAVEN_OPTS MAVEN_USER_HOME=$cache/maven
  [[ ! -f settings.xml ]] || arguments+=(-s settings.xml)
  if [[ -n ${MAVEN_MIRROR:-} && ! -f settings.xml ]]; then
    write_mirror > "$HOME/settings.xml"
    arguments+=(-s "$HOME/settings.xml")
  fi
  read -ra goals <<< "${MAVEN_CUSTOM_GOALS:-package} ${MAVEN_CUSTOM_OPTS:-}"
  step "Building with Maven (${goals[*]})"
  if [[ -f mvnw && -f .mvn/wrapper/maven-wrapper.properties ]]; then
    logged bash ./mvnw "${arguments[@]}" "${goals[@]}" || explain_maven
  else
    logged "$runtime/usr/share/maven/bin/mvn" "${arguments[@]}" "${goals[@]}" || explain_maven
  fi
}

# Every repository is asked of the one that the setting MAVEN_MIRROR names.
write_mirror() {
  local url=${MAVEN_MIRROR//&/&amp;}
  printf '<settings><mirrors><mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>%s</url></mirror></mirrors></settings>\n' \
    "${url//</&lt;}"
}

explain_maven() {
  [[ ! -f mvnw ]] || fail_on 'Failed to (fetch|download|validate)|cannot (fetch|open|download)' \
    'The Maven that .mvn/wrapper/maven-wrapper.properties names could not be fetched.' \
    'Correct distributionUrl there, set MVNW_REPOURL to a mirror, or remove mvnw to use the Maven of the stack.'
  fail_on 'Non-(parseable|readable) POM|Malformed POM' \
    'pom.xml cannot be read (see the lines of Maven above).' 'Correct it there and push again.'
  fail_on 'Could not (find|resolve|transfer)|not be resolved' \
    'A dependency of pom.xml could not be fetched (see the lines of Maven above).' \
    'Correct its name or version in pom.xml; the setting MAVEN_MIRROR names a mirror for all of them.'
  fail_on 'release version .* not supported|invalid (target|source) release|(Source|Target) option' \
    "pom.xml does not say a Java that $version can build for." \
    "Write <maven.compiler.source> and <maven.compiler.target> under <properties> in pom.xml, for example ${version%%.*}."
  fail 'Maven could not build this app (see its lines above).' \
    'Make `mvn -DskipTests package` work on your machine and push again.'
}
