-- +goose Up
CREATE TABLE users (
    id               TEXT   NOT NULL PRIMARY KEY,
    email            TEXT   NOT NULL UNIQUE, -- in canonical form
    name             TEXT   NOT NULL,
    password_hash    TEXT   NOT NULL,
    password_version BIGINT NOT NULL, -- grows with every change of the password
    created_at       BIGINT NOT NULL, -- all times: milliseconds since 1970, UTC
    disabled_at      BIGINT
);

CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   BIGINT NOT NULL, -- of the newest refresh token
    rotated_at   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ended_at     BIGINT,
    ip           TEXT   NOT NULL,
    user_agent   TEXT   NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);

-- What every process follows to refuse access tokens of sessions that ended.
CREATE TABLE session_endings (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT    NOT NULL,
    ended_at   BIGINT  NOT NULL
);

CREATE TABLE signing_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    sealed     BLOB   NOT NULL, -- PKCS #8, under the secret of the installation
    created_at BIGINT NOT NULL
);

-- From where a person has signed in before: these get through when others
-- have used up the account's attempts.
CREATE TABLE known_addresses (
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address      TEXT   NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, address)
);

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL,
    event      TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    user_id    TEXT   NOT NULL, -- empty where no account is known
    session_id TEXT   NOT NULL, -- empty where there is none
    ip         TEXT   NOT NULL,
    user_agent TEXT   NOT NULL
);
CREATE INDEX audit_by_user ON audit (user_id, seq);
