-- +goose Up
-- For `audit --since`, and for pruning what has been kept long enough.
CREATE INDEX audit_by_time ON audit (at);

-- Up to which line of the audit log a person has been told of what should
-- alarm them.
ALTER TABLE users ADD COLUMN told_seq BIGINT NOT NULL DEFAULT 0;
