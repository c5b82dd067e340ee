-- What the router counted while a deployment went on: JSON of `Receipt` in contract/watch.ts.
ALTER TABLE deployments ADD COLUMN receipt TEXT;
