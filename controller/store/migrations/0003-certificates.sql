-- Certificates that somebody brought, and those an authority gave us. Keys are sealed by the master key.
CREATE TABLE certificates (
  id TEXT PRIMARY KEY,
  app_id TEXT REFERENCES apps (id) ON DELETE CASCADE,   -- whose own it is; null: automatic
  name TEXT UNIQUE,                         -- the one name of an automatic one; null: somebody brought it
  names TEXT NOT NULL,                      -- JSON array of the names in it
  chain TEXT NOT NULL,                      -- PEM, the certificate itself first
  key BLOB NOT NULL,                        -- sealed
  digest TEXT NOT NULL,                     -- SHA-256 of the chain, hex
  subject TEXT NOT NULL,
  issuer TEXT NOT NULL,
  self_signed INTEGER NOT NULL,
  starts_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  CHECK ((app_id IS NULL) <> (name IS NULL))
) STRICT;
CREATE INDEX certificates_by_app ON certificates (app_id);

-- How it stands with each name an automatic certificate is wanted for.
CREATE TABLE automatic_names (
  name TEXT PRIMARY KEY,
  due_at TEXT NOT NULL,                     -- when it is asked for, or renewed
  look_at TEXT,                             -- when the authority is asked for its wish again (RFC 9773)
  failures INTEGER NOT NULL DEFAULT 0,      -- since the last one we got
  failure TEXT                              -- the last one, in one sentence
) STRICT;
CREATE INDEX automatic_names_by_due ON automatic_names (due_at);

-- What was made, for the budget of names and owners; a week is kept.
CREATE TABLE certificate_orders (
  id INTEGER PRIMARY KEY,
  owner_id TEXT NOT NULL,                   -- of the app; '' for renewals and for names of the platform
  name TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX certificate_orders_by_owner ON certificate_orders (owner_id, at);
CREATE INDEX certificate_orders_by_name ON certificate_orders (name, at);

-- Who we are at a certificate authority.
CREATE TABLE acme_accounts (
  directory TEXT PRIMARY KEY,               -- URL
  url TEXT NOT NULL,
  key BLOB NOT NULL,                        -- sealed
  created_at TEXT NOT NULL
) STRICT;

-- Apps that want no automatic certificates.
CREATE TABLE manual_certificates (
  app_id TEXT PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL
) STRICT;
