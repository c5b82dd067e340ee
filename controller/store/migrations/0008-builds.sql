-- Stage of the Dockerfile that is built; null: the last one, or as heroku.yml says.
ALTER TABLE build_settings ADD COLUMN target TEXT;
-- What the digest of a build's result is made from: JSON, see `BuildInputs` in contract/build.ts.
ALTER TABLE builds ADD COLUMN inputs TEXT;
-- What is in it: the hash of a row of `boms`.
ALTER TABLE slugs ADD COLUMN bom TEXT;
CREATE INDEX slugs_by_bom ON slugs (bom) WHERE bom IS NOT NULL;

-- Lists of components, each kept once: most builds of an app have the same.
CREATE TABLE boms (
  hash TEXT PRIMARY KEY,                    -- SHA-256 of the list, hex
  components TEXT NOT NULL                  -- CycloneDX components as JSON, gzipped, base64
) STRICT;
