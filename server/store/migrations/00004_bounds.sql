-- +goose Up
-- Lists, sweeps and bulk revocations go in steps of a few hundred rows. Each of
-- these lets a step begin where its rows are, however many others there are.
DROP INDEX sessions_by_user;
DROP INDEX sessions_by_last_seen;
CREATE INDEX sessions_of_user ON sessions (user_id, created_at, id);
CREATE INDEX live_sessions_of_user_by_age ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX live_sessions_of_user_by_use ON sessions (user_id, last_seen_at, id) WHERE ended_at IS NULL;
CREATE INDEX live_sessions_by_age ON sessions (created_at, id) WHERE ended_at IS NULL;
CREATE INDEX live_sessions_by_use ON sessions (last_seen_at) WHERE ended_at IS NULL;
CREATE INDEX revoked_sessions_by_time ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX session_endings_by_time ON session_endings (ended_at);
CREATE INDEX known_addresses_by_time ON known_addresses (last_used_at);
CREATE INDEX known_addresses_of_user_by_time ON known_addresses (user_id, last_used_at);
CREATE INDEX account_attempts_by_time ON account_attempts (full_at);

-- By now accounts stand here by a hash of their e-mail addresses.
DELETE FROM account_attempts;

-- How long the access tokens live that processes have made, and when such a
-- process last ran: what revokes a session stays on record that long.
CREATE TABLE access_ttls (
    ttl     BIGINT NOT NULL PRIMARY KEY, -- milliseconds
    used_at BIGINT NOT NULL
);

-- Where maintenance goes on from: one row.
CREATE TABLE maintenance (
    id        BIGINT NOT NULL PRIMARY KEY,
    swept_at  BIGINT NOT NULL, -- the time that sweeps last went by; 0: never yet
    ahead_at  BIGINT NOT NULL, -- the earliest time that the clock has shown since it runs ahead of that one; 0: it does not
    ahead_for BIGINT NOT NULL, -- how long it has run ahead, in milliseconds
    audit_seq BIGINT NOT NULL, -- the last line of the audit log that was counted
    erasures  BIGINT NOT NULL  -- accounts deleted since their last traces were erased from the files
);
INSERT INTO maintenance (id, swept_at, ahead_at, ahead_for, audit_seq, erasures) VALUES (1, 0, 0, 0, 0, 1); -- from before this table
INSERT INTO schema_compatibility (version, compatible_with) VALUES (4, 2);
