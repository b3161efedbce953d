"""The tables of the sandbox's data file, and how a file of an earlier version is brought up to date."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS messages (
  id              INTEGER PRIMARY KEY,
  sid             TEXT NOT NULL UNIQUE,
  direction       TEXT NOT NULL CHECK (direction IN ('outbound-api', 'outbound-reply', 'inbound')),
  phone           TEXT NOT NULL,
  sender          TEXT NOT NULL,
  service_sid     TEXT,
  body            TEXT NOT NULL,
  encoding        TEXT NOT NULL CHECK (encoding IN ('GSM-7', 'UCS-2')),
  segments        INTEGER NOT NULL CHECK (segments > 0),
  status          TEXT NOT NULL,
  error_code      INTEGER,
  goal            TEXT NOT NULL,
  goal_error      INTEGER,
  callback_url    TEXT,
  send_at         REAL,
  created_at      REAL NOT NULL,
  sent_at         REAL,
  updated_at      REAL NOT NULL,
  shown_at        TEXT,
  redacted        INTEGER NOT NULL DEFAULT 0,
  deleted         INTEGER NOT NULL DEFAULT 0,
  expires_at      REAL,
  discard_body    INTEGER NOT NULL DEFAULT 0,
  obfuscate       INTEGER NOT NULL DEFAULT 0,
  receipt_fault   TEXT,
  receipt_seconds REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS webhooks (
  id         INTEGER PRIMARY KEY,
  message_id INTEGER NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('receipt', 'inbound')),
  url        TEXT NOT NULL,
  fields     TEXT NOT NULL,
  token      TEXT NOT NULL,
  forged     INTEGER NOT NULL,
  due_at     REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS labels (
  phone TEXT PRIMARY KEY, label TEXT NOT NULL, language TEXT, dir TEXT CHECK (dir IN ('ltr', 'rtl', 'auto'))
) STRICT;
CREATE TABLE IF NOT EXISTS blocks (
  sender TEXT NOT NULL, phone TEXT NOT NULL, PRIMARY KEY (sender, phone)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS label_clock (
  one INTEGER PRIMARY KEY CHECK (one = 1), shown_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS faults (
  one INTEGER PRIMARY KEY CHECK (one = 1), settings TEXT NOT NULL
) STRICT;
"""

# SQLite counts no further.
LARGEST_ID: Final = 2**63 - 1

# Columns that the table of messages got later: a demo's file outlives an update.
LATER_COLUMNS: Final = {
    "expires_at": "REAL",
    "discard_body": "INTEGER NOT NULL DEFAULT 0",
    "obfuscate": "INTEGER NOT NULL DEFAULT 0",
    "receipt_fault": "TEXT",
    "receipt_seconds": "REAL NOT NULL DEFAULT 0",
}

# The list is filtered by the two ends of a text, which change places with its direction. A query
# must spell these expressions as the indexes do, or it reads every row.
TO_NUMBER: Final = "CASE direction WHEN 'inbound' THEN sender ELSE phone END"
FROM_NUMBER: Final = "CASE direction WHEN 'inbound' THEN phone ELSE sender END"

INDEXES: Final = f"""
CREATE INDEX IF NOT EXISTS messages_of_a_phone ON messages (phone, id);
CREATE INDEX IF NOT EXISTS messages_by_to ON messages ({TO_NUMBER}, id);
CREATE INDEX IF NOT EXISTS messages_by_from ON messages ({FROM_NUMBER}, id);
CREATE INDEX IF NOT EXISTS messages_from_phones ON messages (id) WHERE direction = 'inbound';
"""
