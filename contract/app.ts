import { type Static, Type } from 'typebox'
import { endpoint } from './endpoint.ts'
import { Time, Uuid } from './grammar.ts'

const Ref = Type.Object({ id: Uuid, name: Type.String() })
export const UserRef = Type.Object({ id: Uuid, email: Type.String() })

export const App = Type.Object({
  id: Uuid,
  name: Type.String(),
  owner: UserRef,
  /** `ssh://git@HOST:PORT/NAME.git` */
  git_url: Type.String(),
  web_url: Type.String(),
  /** Of what runs, and of the next build; see contract/stack.ts. */
  stack: Type.Object({ name: Type.String() }),
  build_stack: Type.Object({ name: Type.String() }),
  /** The environment these answers speak of; `production` unless asked otherwise. */
  environment: Ref,
  created_at: Time,
  updated_at: Time,
  released_at: Type.Union([Time, Type.Null()]),
  slug_size: Type.Union([Type.Integer({ description: 'bytes' }), Type.Null()]),
  /** Everybody gets 503 instead of the app, see contract/edge.ts. */
  maintenance: Type.Boolean(),
  /** Directory of the repository that is the app; null: all of it. */
  root: Type.Union([Type.String(), Type.Null()]),
  /** Path of its Dockerfile below the root; null: as the repository says. */
  dockerfile: Type.Union([Type.String(), Type.Null()]),
  /** Stage of it that is built; null: the last one, or as heroku.yml says. */
  dockerfile_target: Type.Union([Type.String(), Type.Null()]),
  /** Certificates are made for its domains, see contract/sni-endpoint.ts. */
  acm: Type.Boolean(),
})
export type App = Static<typeof App>

export const createApp = endpoint({
  method: 'POST',
  path: '/apps',
  summary: 'Make an app; without a name one is made up.',
  allow: 'user',
  status: 201,
  body: Type.Object({ name: Type.Optional(Type.String({ maxLength: 100 })) }),
  reply: App,
  errors: ['APP_NAME_INVALID', 'APP_NAME_TAKEN', 'NETWORKS_FULL'],
})

export const listApps = endpoint({
  method: 'GET',
  path: '/apps',
  summary: 'The apps you may work on.',
  allow: 'user',
  reply: Type.Array(App),
})

export const getApp = endpoint({
  method: 'GET',
  path: '/apps/:app',
  summary: 'One app, by name or id.',
  allow: 'app',
  reply: App,
  errors: ['APP_NOT_FOUND'],
})

export const updateApp = endpoint({
  method: 'PATCH',
  path: '/apps/:app',
  summary:
    'Turn maintenance on or off, at once; say what of its repository is built, from the next push on.',
  allow: 'app',
  body: Type.Object(
    {
      maintenance: Type.Optional(Type.Boolean()),
      /** null: all of the repository. */
      root: Type.Optional(Type.Union([Type.String({ maxLength: 1024 }), Type.Null()])),
      /** Below the root; null: as the repository says. */
      dockerfile: Type.Optional(Type.Union([Type.String({ maxLength: 1024 }), Type.Null()])),
      dockerfile_target: Type.Optional(
        Type.Union([Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' }), Type.Null()]),
      ),
      /** Name or id of a stack. */
      build_stack: Type.Optional(Type.String({ maxLength: 100 })),
    },
    { additionalProperties: false },
  ),
  reply: App,
  errors: ['APP_NOT_FOUND', 'REPOSITORY_PATH_INVALID', 'STACK_UNKNOWN'],
})

export const destroyApp = endpoint({
  method: 'DELETE',
  path: '/apps/:app',
  summary: 'Destroy an app with its releases, config, repository and running processes.',
  allow: 'app',
  reply: App,
  errors: ['APP_NOT_FOUND'],
})

/** null unsets a key. */
export const ConfigChange = Type.Record(
  Type.String(),
  Type.Union([Type.String({ maxLength: 65_536 }), Type.Null()]),
)
export const Config = Type.Record(Type.String(), Type.String())
export type Config = Static<typeof Config>

export const getConfig = endpoint({
  method: 'GET',
  path: '/apps/:app/config-vars',
  summary: 'The config of an app.',
  allow: 'app',
  reply: Config,
  errors: ['APP_NOT_FOUND'],
})

/** The answer's header `Slipway-Release` names the release that was made, when one was. */
export const setConfig = endpoint({
  method: 'PATCH',
  path: '/apps/:app/config-vars',
  summary: 'Set or unset config; makes a new release.',
  allow: 'app',
  body: ConfigChange,
  reply: Config,
  errors: ['APP_NOT_FOUND', 'CONFIG_KEY_INVALID', 'CONFIG_TOO_LARGE'],
})
