-- What people say around the edge: names, routes, and what the router does for an environment. None
-- of it belongs to a release.
ALTER TABLE domains ADD COLUMN id TEXT;                             -- UUID
ALTER TABLE domains ADD COLUMN kind TEXT NOT NULL DEFAULT 'platform' CHECK (kind IN ('platform', 'custom'));
ALTER TABLE domains ADD COLUMN status TEXT NOT NULL DEFAULT 'succeeded'
  CHECK (status IN ('pending', 'succeeded', 'failed'));             -- of the last look at its DNS
ALTER TABLE domains ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
UPDATE domains SET updated_at = created_at, id = lower(
  hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' ||
  substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
CREATE UNIQUE INDEX domains_by_id ON domains (id);
CREATE INDEX domains_by_environment ON domains (environment_id);

-- A path of a host that leads to another environment than the rest of it, or is redirected.
CREATE TABLE routes (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL REFERENCES domains (host) ON DELETE CASCADE,
  path TEXT NOT NULL,                       -- '/' or '/api': no slash at the end
  environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,   -- whose copies answer
  strip INTEGER NOT NULL DEFAULT 0,
  redirect_to TEXT,                         -- absolute URL or path; null: no redirect
  redirect_status INTEGER,
  created_at TEXT NOT NULL,
  UNIQUE (host, path)
) STRICT;
CREATE INDEX routes_by_environment ON routes (environment_id);

CREATE TABLE edge (
  environment_id TEXT PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
  settings TEXT NOT NULL,                   -- JSON, see controller/domain/settings.ts; passwords as scrypt hashes
  updated_at TEXT NOT NULL
) STRICT;
