-- How an app is built, where its owner wants it otherwise than its repository says. None of it belongs
-- to a release: it counts from the next push on.
CREATE TABLE build_settings (
  app_id TEXT PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
  buildpacks TEXT NOT NULL,                 -- JSON array: URLs and short names, in order; empty: detected
  root TEXT NOT NULL,                       -- directory of the repository that is the app; empty: all of it
  dockerfile TEXT,                          -- path below the root; null: as the repository says
  updated_at TEXT NOT NULL
) STRICT;
