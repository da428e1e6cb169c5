-- +goose Up
-- For `audit --since`, and for pruning what has been kept long enough.
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_user_and_event ON audit (user_id, event, seq);
CREATE INDEX audit_by_user_and_outcome ON audit (user_id, outcome, seq);

-- Up to which line of the audit log a person has been told of what should
-- alarm them.
ALTER TABLE users ADD COLUMN told_seq BIGINT NOT NULL DEFAULT 0;

-- Failed sign-ins of an account, existing or not, outlive a restart: when all
-- of its attempts will have come back.
CREATE TABLE account_attempts (
    email   TEXT   NOT NULL PRIMARY KEY, -- in canonical form
    full_at BIGINT NOT NULL
);
