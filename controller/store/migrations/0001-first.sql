-- Everything an app has belongs to (app, environment) from the first day; times are RFC 3339 in UTC.
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password_hash TEXT NOT NULL,              -- scrypt$N$r$p$salt$hash, base64url
  admin INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE,                -- SHA-256 of the token, hex
  description TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE ssh_keys (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL UNIQUE,         -- SHA256:…
  public_key TEXT NOT NULL,
  comment TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE apps (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES users (id),
  stack TEXT NOT NULL,
  data_key BLOB NOT NULL,                   -- the app's data key, wrapped by the master key
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE collaborators (
  app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL,
  PRIMARY KEY (app_id, user_id)
) STRICT;

CREATE TABLE environments (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  parent_id TEXT REFERENCES environments (id),
  branches TEXT NOT NULL,                   -- JSON array: branches that deploy here
  subnet TEXT NOT NULL UNIQUE,              -- CIDR of its network, its own for as long as it exists
  created_at TEXT NOT NULL,
  UNIQUE (app_id, name)
) STRICT;

CREATE TABLE domains (
  host TEXT PRIMARY KEY,                    -- lower case
  environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE builds (
  id TEXT PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id),
  commit_id TEXT NOT NULL,
  branch TEXT NOT NULL,
  description TEXT NOT NULL,
  stack TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'cancelled')),
  stage TEXT,
  slug_id TEXT REFERENCES slugs (id),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE slugs (
  id TEXT PRIMARY KEY,
  app_id TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  digest TEXT NOT NULL,
  artifact TEXT NOT NULL,                   -- JSON, see contract/release.ts
  process_types TEXT NOT NULL,              -- JSON
  buildpack TEXT NOT NULL,
  stack TEXT NOT NULL,
  commit_id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

-- Rows of this table are never changed.
CREATE TABLE releases (
  id TEXT PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  build_id TEXT REFERENCES builds (id),
  slug_id TEXT REFERENCES slugs (id),       -- null before the first build
  config BLOB NOT NULL,                     -- sealed JSON object
  config_keys TEXT NOT NULL,                -- JSON array, for lists and differences
  process_types TEXT NOT NULL,              -- JSON
  description TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  created_at TEXT NOT NULL,
  UNIQUE (environment_id, version)
) STRICT;
CREATE UNIQUE INDEX releases_by_build ON releases (build_id) WHERE build_id IS NOT NULL;

CREATE TABLE formation (
  environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  type TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity >= 0),
  PRIMARY KEY (environment_id, type)
) STRICT;

-- A deployment moves one environment to a release; a restart is one more of the same release.
CREATE TABLE deployments (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL UNIQUE,              -- order of creation over the whole platform
  environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  release_id TEXT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
  reason TEXT NOT NULL CHECK (reason IN ('release', 'restart')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'releasing', 'starting', 'routing', 'draining',
    'succeeded', 'failed', 'superseded', 'cancelled')),
  failure TEXT,
  deadline_at TEXT NOT NULL,                -- after it, a deployment that is not live has failed
  live_at TEXT,                             -- when the router served it first
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX deployments_by_environment ON deployments (environment_id, seq);

CREATE TABLE journal (
  deployment_id TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('step', 'text', 'error', 'hint')),
  text TEXT NOT NULL,
  PRIMARY KEY (deployment_id, seq)
) STRICT;

-- Append-only; each row's hash covers the row before it. Never a secret value.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL,                     -- JSON
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;

CREATE TABLE counters (
  name TEXT PRIMARY KEY,                    -- 'table': number of the last routing table
  value INTEGER NOT NULL
) STRICT;
