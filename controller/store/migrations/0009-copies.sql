-- A deployment of the same code, config and process types as what serves takes over its copies: this is
-- the deployment they were started for and are named after. Null: its copies are its own.
ALTER TABLE deployments ADD COLUMN copies_of TEXT;
