"""The tables of the sandbox's data file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  id           INTEGER PRIMARY KEY,
  sid          TEXT NOT NULL UNIQUE,
  direction    TEXT NOT NULL CHECK (direction IN ('outbound-api', 'outbound-reply', 'inbound')),
  phone        TEXT NOT NULL,
  sender       TEXT NOT NULL,
  service_sid  TEXT,
  body         TEXT NOT NULL,
  encoding     TEXT NOT NULL CHECK (encoding IN ('GSM-7', 'UCS-2')),
  segments     INTEGER NOT NULL CHECK (segments > 0),
  status       TEXT NOT NULL,
  error_code   INTEGER,
  goal         TEXT NOT NULL,
  goal_error   INTEGER,
  callback_url TEXT,
  send_at      REAL,
  created_at   REAL NOT NULL,
  sent_at      REAL,
  updated_at   REAL NOT NULL,
  shown_at     TEXT,
  redacted     INTEGER NOT NULL DEFAULT 0,
  deleted      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS messages_of_a_phone ON messages (phone, id);
CREATE TABLE IF NOT EXISTS labels (
  phone TEXT PRIMARY KEY, label TEXT NOT NULL, language TEXT, dir TEXT CHECK (dir IN ('ltr', 'rtl', 'auto'))
) STRICT;
CREATE TABLE IF NOT EXISTS blocks (
  sender TEXT NOT NULL, phone TEXT NOT NULL, PRIMARY KEY (sender, phone)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS label_clock (
  one INTEGER PRIMARY KEY CHECK (one = 1), shown_at TEXT NOT NULL
) STRICT;
"""
