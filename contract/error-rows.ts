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
  // builds
  BUILD_NOT_FOUND: {
    status: 404,
    id: 'not_found',
    message: 'There is no build {build} of "{app}".',
    fix: 'See them with `app builds -a {app}`.',
  },
  BUILD_RUNNING: {
    status: 409,
    id: 'conflict',
    message: 'Another push to "{app}" is being built since {seconds} s, by {user}.',
    fix: 'Wait until it is done, then push again.',
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
