# Building with the Gradle wrapper of the app. Sourced by bin/compile.

build_with_gradle() {
  [[ -f gradlew && -f gradle/wrapper/gradle-wrapper.jar && -f gradle/wrapper/gradle-wrapper.properties ]] ||
    fail 'This Gradle app has no wrapper: gradlew, gradle-wrapper.jar and gradle-wrapper.properties belong to it.' \
      'Run `gradle wrapper` and commit gradlew and the folder gradle/wrapper.'
  GRADLE_OPTS="${GRADLE_OPTS:-} -Dorg.gradle.daemon=false $(proxy_options)"
  export GRADLE_OPTS GRADLE_USER_HOME=$cache/gradle
  [[ -z ${GRADLE_DISTRIBUTIONS:-} ]] || use_mirror
  read -ra tasks <<< "${GRADLE_TASK:-$(gradle_task)}"
  step "Building with Gradle (${tasks[*]})"
  logged bash ./gradlew --console=plain "${tasks[@]}" -x test || explain_gradle
}

# The same Gradle from the folder that the setting GRADLE_DISTRIBUTIONS names.
use_mirror() {
  local base=${GRADLE_DISTRIBUTIONS%/}
  base=${base//[\\&|]/\\&}
  sed -i -E "s|^(distributionUrl=).*/([^/]+)\$|\1${base//:/\\\\:}/\2|" gradle/wrapper/gradle-wrapper.properties
}

# The task a build says for this purpose, else the one its plugin brings.
gradle_task() {
  if grep -qsE '^[[:space:]]*(task[[:space:]]+stage|tasks\.register\(["'\'']stage)' build.gradle build.gradle.kts; then
    echo stage
  elif grep -qsE 'org\.springframework\.boot' build.gradle build.gradle.kts; then
    echo bootJar
  elif grep -qsE '^[[:space:]]*(id[[:space:](]*["'\'']application|application[[:space:]]*$)|apply plugin: *["'\'']application' build.gradle build.gradle.kts; then
    echo installDist
  else
    echo build
  fi
}

explain_gradle() {
  ! is_logged 'org\.gradle\.wrapper' ||
    fail_on 'UnknownHostException|ConnectException|SocketTimeoutException|FileNotFoundException: https?:|Server returned HTTP' \
      'The Gradle that gradle/wrapper/gradle-wrapper.properties names could not be fetched.' \
      'Correct distributionUrl there, or set GRADLE_DISTRIBUTIONS to a mirror of its folder.'
  fail_on 'Could not (resolve|GET|find)' \
    'A dependency or plugin of this Gradle build could not be fetched (see the lines of Gradle above).' \
    'Correct its name, version or repository in the build file, and push again.'
  fail_on 'Unsupported class file major version|requires at least JVM|Cannot find a Java installation' \
    "This Gradle build does not go with Java $version." \
    'Write java.runtime.version=NUMBER in system.properties, or raise the Gradle of gradle-wrapper.properties.'
  fail 'Gradle could not build this app (see its lines above).' \
    "Make \`./gradlew ${tasks[*]}\` work on your machine and push again."
}
