-- +goose Up
-- For `audit --since`, and for pruning what has been kept long enough.
CREATE INDEX audit_by_time ON audit (at);
