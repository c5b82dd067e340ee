/**
 * Every error a user can act on is a row here: a status, one sentence that says what happened, and
 * the next thing to do. `docs/errors.md` lists the same rows; a test fails when they differ.
 */
export interface ErrorRow {
  /** HTTP status of the answer. */
  readonly status: number
  /** Error id on the wire; ids of the Heroku Platform API where it has one. */
  readonly id: string
  /** `{name}` is replaced by the detail of that name. */
  readonly message: string
  readonly fix: string
}

export const errors = {
  // who
  UNAUTHORIZED: {
    status: 401,
    id: 'unauthorized',
    message: 'You are not logged in, or your token has expired.',
    fix: 'Log in: `app login`.',
  },
  LOGIN_WRONG: {
    status: 401,
    id: 'unauthorized',
    message: 'Email and password do not match.',
    fix: 'Check both and try again: `app login`.',
  },
  FORBIDDEN: {
    status: 403,
    id: 'forbidden',
    message: 'Your account may not do this.',
    fix: 'Ask an administrator of this platform.',
  },
  SETUP_DONE: {
    status: 409,
    id: 'conflict',
    message: 'This platform already has an administrator.',
    fix: 'Log in with that account: `app login`.',
  },
  SETUP_SECRET_WRONG: {
    status: 403,
    id: 'forbidden',
    message: 'The set-up secret is wrong.',
    fix: 'Read it on the host from the file keys/setup.secret of the state folder.',
  },
  USER_TAKEN: {
    status: 422,
    id: 'invalid_params',
    message: 'There is already an account for {email}.',
    fix: 'Choose another email address.',
  },
  KEY_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: 'This is not an SSH public key Slipway takes ({reason}).',
    fix: 'Make one with `ssh-keygen -t ed25519`, then `app keys:add ~/.ssh/id_ed25519.pub`.',
  },
  KEY_TAKEN: {
    status: 422,
    id: 'invalid_params',
    message: 'This SSH key is already in use.',
    fix: 'List yours with `app keys`; a key belongs to one account only.',
  },
  KEY_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: 'There is no such SSH key in your account.',
    fix: 'List yours with `app keys`.',
  },
  // apps
  APP_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: 'There is no app "{app}", or it is not yours.',
    fix: 'See your apps with `app apps`, or make it: `app create {app}`.',
  },
  APP_NAME_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: '"{name}" cannot be an app name.',
    fix: 'Use 3 to 30 of a-z, 0-9 and -, beginning with a letter and not ending in -.',
  },
  APP_NAME_TAKEN: {
    status: 422,
    id: 'invalid_params',
    message: 'The name "{name}" is taken.',
    fix: 'Choose another, or leave it out to get one made up: `app create`.',
  },
  NETWORKS_FULL: {
    status: 503,
    id: 'unavailable',
    message: 'No free subnet is left in {range} for another app.',
    fix: 'Destroy an app, or give Slipway a larger range in SLIPWAY_NETWORKS.',
  },
  // config
  CONFIG_KEY_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: '"{key}" cannot be the name of a config var.',
    fix: 'Use letters, digits and _, not beginning with a digit; PORT and names with SLIPWAY_ are ours.',
  },
  CONFIG_TOO_LARGE: {
    status: 422,
    id: 'invalid_params',
    message: 'The config of an app may have {limit} bytes in all, this would be {size}.',
    fix: 'Keep large values in a file of the app or in a service.',
  },
  // builds
  BUILDPACK_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: '"{buildpack}" cannot be a buildpack: {reason}.',
    fix: 'Give a short name such as nodejs, https://HOST/PATH.git#REF, or https://HOST/NAME.tgz.',
  },
  REPOSITORY_PATH_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: '"{path}" is no path inside a repository.',
    fix: 'Give one from its top, such as apps/web or docker/web.Dockerfile.',
  },
  // domains, routes, the edge
  HOST_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: '"{host}" cannot be a domain: {reason}.',
    fix: 'Give a name such as shop.example.org, or *.example.org for all names one label below.',
  },
  HOST_RESERVED: {
    status: 422,
    id: 'invalid_params',
    message: '{host} belongs to this platform.',
    fix: 'Use a domain of your own; names of the platform are for its administrators to give.',
  },
  HOST_TAKEN: {
    status: 409,
    id: 'conflict',
    message: '{host} already leads to {owner}.',
    fix: '{next}.',
  },
  DOMAIN_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: '"{app}" has no domain {host}.',
    fix: 'See them with `app domains -a {app}`; add one with `app domains:add HOST -a {app}`.',
  },
  DOMAIN_KEPT: {
    status: 409,
    id: 'conflict',
    message: '{host} is the address that "{app}" was given by the platform.',
    fix: 'To remove it all the same: `app domains:remove {host} --force -a {app}`.',
  },
  DOMAINS_FULL: {
    status: 422,
    id: 'invalid_params',
    message: '"{app}" has {limit} {what} already, which is the most.',
    fix: 'Remove some, or use a wildcard such as *.example.org.',
  },
  ROUTE_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: 'This cannot be a route: {reason}.',
    fix: 'See how one is written: `app help routes:add`, `app help routes:redirect`.',
  },
  ROUTE_TAKEN: {
    status: 409,
    id: 'conflict',
    message: '{route} has a route already.',
    fix: 'Remove it first: `app routes:remove {route} -a {app}`.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: '"{app}" has no route {route}.',
    fix: 'See them with `app routes -a {app}`.',
  },
  EDGE_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: 'This cannot be set: {reason}.',
    fix: 'See what is set now: `app edge`.',
  },
  NO_ROUTE: {
    status: 404,
    id: 'not_found',
    message: '{host} leads to no app, or to one that is not yours.',
    fix: 'See what leads to an app: `app domains -a APP`; add it: `app domains:add {host} -a APP`.',
  },
  URL_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: '"{url}" is not the address of a page.',
    fix: 'Give a whole one, such as https://shop.example.org/path.',
  },
  // certificates
  CERTIFICATE_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: 'This certificate cannot be used: {reason}.',
    fix: 'Give two PEM files: the certificate followed by its intermediates, and its private key.',
  },
  CERTIFICATE_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: '"{app}" has no certificate "{certificate}".',
    fix: 'See them with `app certs -a {app}`.',
  },
  CERTIFICATE_AUTOMATIC: {
    status: 409,
    id: 'conflict',
    message: '"{certificate}" is an automatic certificate, which the platform looks after.',
    fix: 'To use none: `app certs:auto off -a {app}`; one of your own goes before it.',
  },
  CERTIFICATES_FULL: {
    status: 422,
    id: 'invalid_params',
    message: '"{app}" has {limit} certificates of its own already, which is the most.',
    fix: 'Remove some: `app certs:remove NAME -a {app}`.',
  },
  ACME_OFF: {
    status: 422,
    id: 'invalid_params',
    message: 'This platform makes no automatic certificates.',
    fix: 'Ask its operator to set SLIPWAY_ACME_EMAIL, or bring your own: `app certs:add CRT KEY`.',
  },
  // releases
  RELEASE_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: 'There is no release {release} of "{app}".',
    fix: 'See them with `app releases -a {app}`.',
  },
  NOTHING_DEPLOYED: {
    status: 422,
    id: 'invalid_params',
    message: '"{app}" has no code yet.',
    fix: 'Push some: `git push deis main`.',
  },
  ROLLBACK_IMPOSSIBLE: {
    status: 422,
    id: 'invalid_params',
    message: 'Release v{version} of "{app}" cannot be rolled back to: {reason}.',
    fix: 'Pick another from `app releases -a {app}`.',
  },
  // processes
  PROCESS_TYPE_UNKNOWN: {
    status: 404,
    id: 'not_found',
    message: '"{app}" has no process type "{type}".',
    fix: 'Its types are: {known}. They come from the Procfile.',
  },
  QUANTITY_INVALID: {
    status: 422,
    id: 'invalid_params',
    message: '{quantity} is not a number of copies that can run.',
    fix: 'Use a number from 0 to {limit}.',
  },
  DYNO_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: '"{app}" has no running process "{dyno}".',
    fix: 'See them with `app ps -a {app}`.',
  },
  CRON_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: '"{app}" runs no command number {number} by schedule.',
    fix: 'See them with `app cron -a {app}`; they come from app.json.',
  },
  CRON_RUNNING: {
    status: 409,
    id: 'conflict',
    message: '{dyno} cannot be run now: {reason}.',
    fix: 'Wait until it has ended, or end it: `app ps:restart {dyno} -a {app}`.',
  },
  // builds
  BUILD_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: 'There is no build {build} of "{app}".',
    fix: 'See them with `app builds -a {app}`.',
  },
  BUILD_ENDED: {
    status: 409,
    id: 'conflict',
    message: 'Build {build} of "{app}" cannot be cancelled: {reason}.',
    fix: 'To go back to an older release: `app rollback -a {app}`.',
  },
  BUILD_RUNNING: {
    status: 409,
    id: 'conflict',
    message: 'Another push to "{app}" is being built since {seconds} s, by {user}.',
    fix: 'Wait until it is done, then push again.',
  },
  // the router
  TABLE_STALE: {
    status: 409,
    id: 'conflict',
    message: 'The routing table in force is number {number}, not {after}.',
    fix: 'Ask for the table, and make the change from it.',
  },
  STREAM_EXPIRED: {
    status: 404,
    id: 'not_found',
    message: 'This stream does not exist or has expired.',
    fix: 'Ask for it again.',
  },
  // the command line
  USAGE: {
    status: 400,
    id: 'usage',
    message: '{reason}',
    fix: 'See how it is used: `app {command}--help`.',
  },
  COMMAND_UNKNOWN: {
    status: 400,
    id: 'usage',
    message: 'There is no command "{command}".',
    fix: '{guess}',
  },
  APP_UNNAMED: {
    status: 400,
    id: 'usage',
    message: 'Which app? None is named, and there is no git remote "{remote}" here.',
    fix: 'Add `-a NAME`, or set DEIS_APP. Your apps: `app apps`.',
  },
  REMOTE_FOREIGN: {
    status: 400,
    id: 'usage',
    message: 'The git remote "{remote}" does not name an app ({url}).',
    fix: 'Add `-a NAME`, or correct it: `git remote set-url {remote} ssh://git@HOST:PORT/NAME.git`.',
  },
  TERMINAL_NEEDED: {
    status: 400,
    id: 'usage',
    message: '{what} cannot be asked for without a terminal.',
    fix: 'Give it: `{command}`.',
  },
  NOT_CONFIRMED: {
    status: 400,
    id: 'usage',
    message: 'Nothing was destroyed: this needs the name of the app, "{app}", as confirmation.',
    fix: 'If you are sure: `app destroy -a {app} --confirm {app}`.',
  },
  ADDRESS_INVALID: {
    status: 400,
    id: 'usage',
    message: '"{address}" is not the address of a server.',
    fix: 'Give it as http://HOST:PORT or https://HOST, with --server or in DEIS_URL.',
  },
  FILE_UNREADABLE: {
    status: 400,
    id: 'usage',
    message: '{path} cannot be read ({reason}).',
    fix: 'Check the path and its permissions.',
  },
  CREDENTIALS_BROKEN: {
    status: 500,
    id: 'credentials',
    message: 'The file {path} is not one of ours any more.',
    fix: 'Delete it and log in again: `app login`.',
  },
  CONFIG_NOT_SET: {
    status: 404,
    id: 'not_found',
    message: '"{app}" has no config var {key}.',
    fix: 'See them with `app config -a {app}`.',
  },
  ROLLBACK_NOWHERE: {
    status: 404,
    id: 'not_found',
    message: '"{app}" has no earlier release that ran.',
    fix: 'See them with `app releases -a {app}`.',
  },
  BUILD_FAILED: {
    status: 422,
    id: 'build_failed',
    message: 'The build of "{app}" {how}.',
    fix: 'Its output says why; correct it and push again.',
  },
  RELEASE_FAILED: {
    status: 422,
    id: 'release_failed',
    message: '{reason}',
    fix: 'See its output: `app logs -a {app}`.',
  },
  TOO_SLOW: {
    status: 504,
    id: 'timed_out',
    message: '{what} took longer than {seconds} s.',
    fix: 'It may still go on: see `{command}`.',
  },
  SERVER_UNREACHABLE: {
    status: 503,
    id: 'unreachable',
    message: 'The server at {server} cannot be reached ({reason}).',
    fix: 'See that it runs and that this is its address; to use another: `app login --server URL`.',
  },
  INTERRUPTED: {
    status: 499,
    id: 'interrupted',
    message: 'Interrupted.',
    fix: '{next}',
  },
  // the wire
  BAD_REQUEST: {
    status: 400,
    id: 'bad_request',
    message: 'The request could not be read: {reason}.',
    fix: 'Check it against the API document, docs/api.json.',
  },
  NOTHING_TO_VERIFY: {
    status: 422,
    id: 'invalid_params',
    message: 'Build {build} of "{app}" made nothing that could be verified.',
    fix: 'Verify one that succeeded: app builds.',
  },
  VERIFICATION_GONE: {
    status: 404,
    id: 'not_found',
    message: 'There is no such verification (any more).',
    fix: 'They are kept for an hour, and until the builder restarts; begin anew.',
  },
  VERIFICATION_FAILED: {
    status: 422,
    id: 'invalid_params',
    message: 'It could not be built again: {reason}.',
    fix: '{hint}',
  },
  BUILD_DIFFERS: {
    status: 422,
    id: 'build_failed',
    message:
      'Build {build} of "{app}" is not the same when it is built again: {differing} of {paths} paths differ.',
    fix: 'They are listed above; times, random names and unpinned packages in the build are usual reasons.',
  },
  NO_SBOM: {
    status: 404,
    id: 'not_found',
    message: 'Nothing is known of what is in build {build} of "{app}".',
    fix: 'Builds that failed, images from elsewhere and builds of older versions have no list: app builds.',
  },
  SOURCE_GONE: {
    status: 404,
    id: 'not_found',
    message: 'There is no such upload (any more).',
    fix: 'Ask for a new one (POST /sources), upload, and build it within an hour.',
  },
  SOURCE_TOO_LARGE: {
    status: 413,
    id: 'invalid_params',
    message: 'The upload is larger than the {megabytes} MB there is room for.',
    fix: 'Leave out what is not needed (.gitignore, .slugignore), or ask the operator to raise SLIPWAY_SOURCE_LIMIT.',
  },
  SOURCE_ELSEWHERE: {
    status: 422,
    id: 'invalid_params',
    message: 'The archive does not lie on this server.',
    fix: 'Ask for a place (POST /sources), upload it there, and give its get_url.',
  },
  IMAGE_NOT_PINNED: {
    status: 422,
    id: 'invalid_params',
    message: '"{image}" does not name one image for ever.',
    fix: 'Name it by its digest, as NAME@sha256:…; the registry and `docker push` tell it.',
  },
  DEPLOY_REFUSED: {
    status: 422,
    id: 'invalid_params',
    message: 'Nothing was built: {reason}.',
    fix: '{hint}',
  },
  STACK_UNKNOWN: {
    status: 422,
    id: 'invalid_params',
    message: 'There is no stack "{stack}".',
    fix: 'Name one of: {known}.',
  },
  INVALID_PARAMS: {
    status: 422,
    id: 'invalid_params',
    message: 'The request does not have the right form: {reason}.',
    fix: 'Check it against the API document, docs/api.json.',
  },
  NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: 'There is nothing at {path}.',
    fix: 'The API document, docs/api.json, lists what there is.',
  },
  NOT_ACCEPTABLE: {
    status: 406,
    id: 'not_acceptable',
    message: 'Nothing here is spoken in the form "{accept}".',
    fix: 'Send `Accept: application/vnd.slipway+json; version=1`, or `*/*`.',
  },
  TOO_MANY: {
    status: 429,
    id: 'rate_limit',
    message: 'Too many attempts from this address.',
    fix: 'Wait {seconds} s and try again.',
  },
  ENGINE_DOWN: {
    status: 503,
    id: 'unavailable',
    message: 'The container engine does not answer ({reason}).',
    fix: 'Running apps go on; start the engine on the host, then try again.',
  },
  UNAVAILABLE: {
    status: 503,
    id: 'unavailable',
    message: 'The {program} cannot be reached ({reason}).',
    fix: 'It restarts by itself; try again in a few seconds.',
  },
  DATABASE_BUSY: {
    status: 503,
    id: 'unavailable',
    message: 'The database is locked by another program.',
    fix: 'Close what holds it open and try again.',
  },
  DATABASE_NEWER: {
    status: 503,
    id: 'unavailable',
    message:
      'A newer Slipway has written this database (migration {found}; this one knows {newest}).',
    fix: 'Start that version again, or put back the copy `slipway.db.before-…` it made beside it.',
  },
  ALREADY_RUNNING: {
    status: 503,
    id: 'unavailable',
    message: 'Another controller runs on {folder}.',
    fix: 'Stop it, or give this one another folder in SLIPWAY_STATE.',
  },
  INTERNAL: {
    status: 500,
    id: 'internal',
    message: 'Something went wrong on our side.',
    fix: 'Try again; if it stays, tell the operator the request id {request}.',
  },
} as const satisfies Record<string, ErrorRow>
