-- +goose Up
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user';

-- Plans that were given by hand, or come from elsewhere: each source has one
-- grant of a plan to a person.
CREATE TABLE plan_grants (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    plan    TEXT NOT NULL,
    source  TEXT NOT NULL,
    until   BIGINT, -- NULL: without end
    PRIMARY KEY (user_id, plan, source)
);

-- Who did it: a user's id, 'operator' for the command line, empty in lines from
-- before this column.
ALTER TABLE audit ADD COLUMN actor TEXT NOT NULL DEFAULT '';

-- When and how the person was last proven.
ALTER TABLE sessions ADD COLUMN proved_at BIGINT; -- NULL: when the session was made
ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT ''; -- RFC 8176, separated by spaces

-- What every process follows: all changes that matter to what a process keeps in
-- memory. The rows and their numbers are those of the revoked sessions so far.
DROP INDEX session_endings_by_time;
ALTER TABLE session_endings RENAME TO changes;
ALTER TABLE changes RENAME COLUMN session_id TO id; -- of what has changed
ALTER TABLE changes RENAME COLUMN ended_at TO at;
ALTER TABLE changes ADD COLUMN kind TEXT NOT NULL DEFAULT 'session';
CREATE INDEX changes_by_time ON changes (at);

-- For programs that know version 4: what they see and write of the feed.
CREATE VIEW session_endings AS SELECT seq, id AS session_id, at AS ended_at FROM changes WHERE kind = 'session';
-- +goose StatementBegin
CREATE TRIGGER session_endings_insert INSTEAD OF INSERT ON session_endings
BEGIN
    INSERT INTO changes (kind, id, at) VALUES ('session', NEW.session_id, NEW.ended_at);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER session_endings_delete INSTEAD OF DELETE ON session_endings
BEGIN
    DELETE FROM changes WHERE seq = OLD.seq;
END;
-- +goose StatementEnd
INSERT INTO schema_compatibility (version, compatible_with) VALUES (5, 4);
