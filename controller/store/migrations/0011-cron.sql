-- What a release runs by schedule while it serves: JSON, see contract/cron.ts.
ALTER TABLE releases ADD COLUMN cron TEXT NOT NULL DEFAULT '[]';

-- Its runs: recorded before they are started, so that none is started twice for the same minute.
CREATE TABLE cron_runs (
  environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  schedule TEXT NOT NULL,
  command TEXT NOT NULL,
  due_at TEXT NOT NULL,
  number INTEGER NOT NULL,                  -- of its entry in the release, from 1
  name TEXT NOT NULL UNIQUE,                -- of its container
  replaces INTEGER NOT NULL,                -- 1: those that go on are stopped before it starts
  started_at TEXT,
  ended_at TEXT,
  exit_code INTEGER,
  PRIMARY KEY (environment_id, schedule, command, due_at)
) STRICT;
CREATE INDEX cron_runs_open ON cron_runs (environment_id) WHERE ended_at IS NULL;
