-- Sessions under a hash of their id, and marks. Not in the schema `public`: Supabase shows that one to browsers.
CREATE TABLE fanfare.sessions (
  id bytea PRIMARY KEY,
  record bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expire ON fanfare.sessions (expires_at);
CREATE TABLE fanfare.session_marks (
  key text PRIMARY KEY,
  value text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX session_marks_expire ON fanfare.session_marks (expires_at);
