-- +goose Up
-- Which programs can work with a schema that is newer than theirs: a migration
-- that older programs can live with inserts a row with its own version and the
-- lowest schema version that a program must know to go on. Programs refuse a
-- migration that they do not know and that has no row.
CREATE TABLE schema_compatibility (
    version         BIGINT NOT NULL PRIMARY KEY,
    compatible_with BIGINT NOT NULL
);
INSERT INTO schema_compatibility (version, compatible_with) VALUES (3, 2);

-- Whether another system had verified the address of an imported account.
ALTER TABLE users ADD COLUMN email_verified BOOLEAN NOT NULL DEFAULT FALSE;
