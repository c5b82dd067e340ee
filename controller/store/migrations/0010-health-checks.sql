-- What web copies of a release must pass before they get requests: JSON, see contract/health-check.ts.
ALTER TABLE releases ADD COLUMN health_checks TEXT NOT NULL DEFAULT '[]';
