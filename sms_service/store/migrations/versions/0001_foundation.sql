-- The foundation: tenants, events, visits, messages, attempts; roles and row security from the start.
-- Constraints say what may be, so that code does not have to.

-- ---------------------------------------------------------------- senders (no patient data, no tenant)
CREATE TABLE senders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  address text NOT NULL UNIQUE,                 -- E.164 number, or SID of a messaging service
  live boolean NOT NULL DEFAULT false,
  segments_per_second double precision NOT NULL CHECK (segments_per_second > 0),
  bucket double precision NOT NULL DEFAULT 0,   -- segments that may leave now
  bucket_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  circuit_open_since timestamptz,
  circuit_reason text,
  opt_out_reply text NOT NULL DEFAULT 'ours' CHECK (opt_out_reply IN ('ours', 'provider')),
  obfuscated boolean NOT NULL DEFAULT false,    -- the provider hides addresses: reconciling by list is impossible
  allow_numbers bytea[],                        -- rehearsal: indexes of the only numbers that may be texted
  CHECK ((circuit_open_since IS NULL) = (circuit_reason IS NULL))
);

CREATE TABLE sender_blocks (                    -- what the provider itself blocks, for every clinic on the sender
  sender_id bigint NOT NULL REFERENCES senders,
  phone_index bytea NOT NULL,
  kind text NOT NULL CHECK (kind IN ('opted_out', 'route', 'loop')),
  since timestamptz NOT NULL,
  PRIMARY KEY (sender_id, phone_index)
);

CREATE TABLE holds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  scope text NOT NULL CHECK (scope IN ('clinic', 'sender', 'all')),
  target bigint NOT NULL DEFAULT 0,
  reason text NOT NULL,
  held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  released_at timestamptz,
  CHECK ((scope = 'all') = (target = 0))
);
CREATE UNIQUE INDEX holds_open ON holds (scope, target) WHERE released_at IS NULL;

CREATE TABLE patient_clock (                    -- stepped by demo and tests; real for anyone with patients
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  position timestamptz                          -- NULL: real time
);
INSERT INTO patient_clock DEFAULT VALUES;

CREATE TABLE deployment (                       -- which database and which zone rules served the last send
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  system_identifier text,
  timeline integer,
  tzdata text
);
INSERT INTO deployment DEFAULT VALUES;

CREATE TABLE heartbeats (                       -- when each recurring job last did its work (machine time)
  name text PRIMARY KEY,
  at timestamptz NOT NULL
);

-- ---------------------------------------------------------------- tenants
CREATE TABLE clinics (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]*$'),
  sender_id bigint NOT NULL REFERENCES senders,
  settings jsonb NOT NULL
);

CREATE TABLE feeds (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  name text NOT NULL,
  settings jsonb NOT NULL,
  data_key bytea NOT NULL,                      -- wrapped; raw events are sealed with it
  UNIQUE (clinic_id, name),
  UNIQUE (clinic_id, id)
);

CREATE TABLE api_keys (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  feed_id bigint NOT NULL,
  prefix text NOT NULL,
  hash bytea NOT NULL UNIQUE,                   -- SHA-256 of 256 random bits: only the hash is kept
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz,
  FOREIGN KEY (clinic_id, feed_id) REFERENCES feeds (clinic_id, id)
);

CREATE TABLE patients (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  external_id text NOT NULL,
  data_key bytea NOT NULL,                      -- wrapped; destroying it erases the patient
  state bytea NOT NULL,                         -- sealed: every field with its writer's stamp
  phone_index bytea,                            -- keyed hash by which the number is found
  language text,
  zone text,
  consent boolean NOT NULL DEFAULT false,
  deceased boolean NOT NULL DEFAULT false,
  merged_away boolean NOT NULL DEFAULT false,
  unusable_at timestamptz,                      -- the provider said the present number cannot receive texts
  UNIQUE (clinic_id, external_id),
  UNIQUE (clinic_id, id)
);
CREATE INDEX patients_phone ON patients (phone_index) WHERE phone_index IS NOT NULL;

CREATE TABLE appointments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  external_id text NOT NULL,
  patient_id bigint,                            -- NULL for a tombstone whose booking never came
  fields jsonb NOT NULL,                        -- every field with its writer's stamp
  version integer NOT NULL DEFAULT 0,
  status text CHECK (status IN ('proposed', 'booked', 'arrived', 'completed', 'cancelled', 'no_show')),
  starts_at timestamptz,                        -- derived from wall time and zone; derived again when rules change
  pathway text,
  booked_at timestamptz,
  moved_at timestamptz,
  ended_at timestamptz,
  completed_at timestamptz,
  confirmed timestamptz,
  test boolean NOT NULL DEFAULT false,
  replaced boolean NOT NULL DEFAULT false,
  continues_id bigint,                          -- the cancelled visit whose place this one took
  UNIQUE (clinic_id, external_id),
  UNIQUE (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
  FOREIGN KEY (clinic_id, continues_id) REFERENCES appointments (clinic_id, id)
);
CREATE INDEX appointments_patient ON appointments (patient_id);
CREATE INDEX appointments_open ON appointments (starts_at) WHERE status IN ('booked', 'arrived');

CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL,
  feed_id bigint NOT NULL,
  delivery_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  learned_at timestamptz NOT NULL,
  raw bytea NOT NULL,                           -- sealed with the feed's key
  hash text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('applied', 'stale', 'quarantined')),
  problems text[] NOT NULL DEFAULT '{}',
  appointment_id bigint,
  UNIQUE (feed_id, delivery_id),
  FOREIGN KEY (clinic_id, feed_id) REFERENCES feeds (clinic_id, id),
  FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id),
  CHECK (outcome <> 'quarantined' OR problems <> '{}')
);
CREATE INDEX events_appointment ON events (appointment_id);

CREATE TABLE consents (                         -- ledger: rows are only ever added
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL,
  patient_id bigint NOT NULL,
  phone_index bytea,
  granted boolean NOT NULL,
  said_at timestamptz,
  source text NOT NULL CHECK (source IN ('event', 'reply', 'staff', 'provider')),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id)
);

CREATE TABLE suppressions (                     -- survives the erasure of the patient
  clinic_id bigint NOT NULL REFERENCES clinics,
  phone_index bytea NOT NULL,
  since timestamptz NOT NULL,
  source text NOT NULL CHECK (source IN ('reply', 'provider', 'staff')),
  lifted_at timestamptz,
  PRIMARY KEY (clinic_id, phone_index)
);

-- ---------------------------------------------------------------- messages and their attempts
CREATE TABLE messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  sender_id bigint NOT NULL REFERENCES senders,
  patient_id bigint,                            -- NULL: an answer to a number that is no patient's
  appointment_id bigint,
  cause text NOT NULL CHECK (cause IN ('appointment', 'reply', 'task')),
  cause_id bigint NOT NULL,
  step text NOT NULL,
  occasion integer NOT NULL DEFAULT 0 CHECK (occasion >= 0),
  pathway text,
  merged text[] NOT NULL DEFAULT '{}',
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
  counts boolean NOT NULL DEFAULT false,
  anchor text CHECK (anchor IN ('booked', 'start', 'completed', 'moved', 'cancelled', 'no_show')),
  phone_index bytea,
  told timestamptz,                             -- the start its words are about
  state text NOT NULL CHECK (state IN ('waiting', 'planned', 'ready', 'claimed', 'sending', 'unknown',
                                       'sent', 'delivered', 'undelivered', 'skipped')),
  reason text,
  due timestamptz,
  until timestamptz,
  segments smallint NOT NULL DEFAULT 3,         -- estimated until composed
  token uuid,
  lease_until timestamptz,
  sent_at timestamptz,                          -- the moment of sending: patient time of the fence's commit
  tells text CHECK (tells IN ('start', 'cancelled')),
  question text,
  answer smallint,
  facts jsonb NOT NULL DEFAULT '{}',            -- of an answer: what it echoes (no names, no numbers)
  UNIQUE (cause, cause_id, step, occasion),
  UNIQUE (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
  FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id),
  CHECK (cause <> 'appointment' OR (appointment_id = cause_id AND patient_id IS NOT NULL)),
  CHECK ((state = 'claimed') = (token IS NOT NULL) AND (token IS NULL) = (lease_until IS NULL)),
  -- a comparison with NULL would pass: what has no due time would wait for ever
  CHECK (state NOT IN ('planned', 'ready', 'claimed')
         OR (due IS NOT NULL AND until IS NOT NULL AND due <= until AND phone_index IS NOT NULL)),
  CHECK (state NOT IN ('skipped', 'waiting') OR reason IS NOT NULL),
  CHECK (state NOT IN ('sending', 'unknown', 'sent', 'delivered', 'undelivered') OR sent_at IS NOT NULL)
);
CREATE INDEX messages_due ON messages (sender_id, due) WHERE state = 'planned';
CREATE INDEX messages_ready ON messages (sender_id, until) WHERE state = 'ready';
CREATE UNIQUE INDEX messages_in_flight ON messages (sender_id, phone_index) WHERE state IN ('claimed', 'sending');
CREATE INDEX messages_appointment ON messages (appointment_id);
CREATE INDEX messages_pending_phone ON messages (phone_index) WHERE state IN ('planned', 'ready', 'claimed');
CREATE INDEX messages_patient ON messages (patient_id);

CREATE TABLE message_log (                      -- what happened to a message, for `why`
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL,
  message_id bigint NOT NULL,
  at timestamptz NOT NULL,                      -- patient time
  what text NOT NULL,
  reason text,
  due timestamptz,
  FOREIGN KEY (clinic_id, message_id) REFERENCES messages (clinic_id, id)
);
CREATE INDEX message_log_message ON message_log (message_id);

CREATE TABLE attempts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL,
  message_id bigint NOT NULL,
  sender_id bigint NOT NULL REFERENCES senders,
  phone_index bytea NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'unknown', 'accepted', 'dead')),
  outcome text,
  sid text UNIQUE,
  status text,
  code integer,
  body bytea NOT NULL,                          -- sealed with the patient's key
  body_hash bytea NOT NULL,
  encoding text NOT NULL,
  segments smallint NOT NULL,
  language text NOT NULL,
  variant text NOT NULL,
  catalog_hash text NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  settled_at timestamptz,
  FOREIGN KEY (clinic_id, message_id) REFERENCES messages (clinic_id, id),
  CHECK (state <> 'accepted' OR sid IS NOT NULL),
  CHECK ((state = 'dead') <= (outcome IS NOT NULL))
);
-- invariant 1: at most one attempt of a message is not certainly undelivered
CREATE UNIQUE INDEX attempts_one_alive ON attempts (message_id) WHERE state <> 'dead';
CREATE INDEX attempts_message ON attempts (message_id);
CREATE INDEX attempts_unsettled ON attempts (committed_at) WHERE state IN ('open', 'unknown');

CREATE TABLE receipts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL,
  attempt_id bigint NOT NULL REFERENCES attempts,
  sid text NOT NULL,
  status text NOT NULL,
  code integer NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (sid, status, code)
);
CREATE INDEX receipts_attempt ON receipts (attempt_id);

CREATE TABLE orphan_receipts (                  -- receipts of no attempt we know; no patient data in them
  sid text NOT NULL,
  status text NOT NULL,
  code integer NOT NULL DEFAULT 0,
  attempt_id bigint,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (sid, status, code)
);

-- ---------------------------------------------------------------- the way back
CREATE TABLE replies (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  sender_id bigint NOT NULL REFERENCES senders,
  patient_id bigint,
  phone_index bytea NOT NULL,
  sid text NOT NULL,
  body bytea NOT NULL,                          -- sealed with the patient's key
  intents text[] NOT NULL,
  answer smallint,
  message_id bigint,                            -- whose question it answers
  received_at timestamptz NOT NULL,             -- patient time
  UNIQUE (clinic_id, sid),
  UNIQUE (clinic_id, id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id)
);

CREATE TABLE unrouted_replies (                 -- from numbers that are nobody's; the body is not kept
  sid text PRIMARY KEY,
  sender_id bigint REFERENCES senders,
  phone_index bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE tasks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  kind text NOT NULL,
  cause text NOT NULL CHECK (cause IN ('appointment', 'reply', 'message', 'event')),
  cause_id bigint NOT NULL,
  appointment_id bigint,
  patient_id bigint,
  due timestamptz NOT NULL,                     -- from then on a person has to act
  state text NOT NULL DEFAULT 'scheduled' CHECK (state IN ('scheduled', 'open', 'done', 'withdrawn')),
  UNIQUE (clinic_id, kind, cause, cause_id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
  FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id)
);
CREATE INDEX tasks_due ON tasks (due) WHERE state = 'scheduled';

-- ---------------------------------------------------------------- row security
-- FORCE binds even the owner. The application sees the clinics that its transaction put in scope; the router
-- role, which only owns the few functions below, sees all rows and can be reached through them alone; the
-- owner of the schema is its member, so its policy asks who is acting and not only who may.
CREATE FUNCTION in_scope() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT string_to_array(nullif(current_setting('sms.clinics', true), ''), ',')::bigint[] $$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['feeds', 'api_keys', 'patients', 'appointments', 'events', 'consents', 'suppressions',
                              'messages', 'message_log', 'attempts', 'receipts', 'replies', 'tasks'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I TO sms_app USING (clinic_id = ANY ((SELECT in_scope())::bigint[]))', name);
    EXECUTE format('CREATE POLICY router ON %I TO sms_router USING (current_user = ''sms_router'')', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO sms_app', name);
  END LOOP;
END $$;
ALTER TABLE clinics ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinics FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON clinics TO sms_app USING (id = ANY ((SELECT in_scope())::bigint[]));
CREATE POLICY router ON clinics TO sms_router USING (current_user = 'sms_router');
GRANT SELECT, UPDATE ON clinics TO sms_app;
REVOKE UPDATE ON consents, message_log, receipts FROM sms_app;
REVOKE SELECT, INSERT, UPDATE ON api_keys FROM sms_app;
GRANT SELECT, INSERT, UPDATE ON senders, sender_blocks, holds, patient_clock, deployment, heartbeats, unrouted_replies
  TO sms_app;
GRANT DELETE ON sender_blocks TO sms_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON orphan_receipts TO sms_app;

-- Setting clinics up crosses tenants by nature: the owner may, and does so by command only.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['clinics', 'feeds', 'api_keys'] LOOP
    EXECUTE format('CREATE POLICY set_up ON %I TO sms_owner USING (true)', name);
  END LOOP;
END $$;

GRANT SELECT ON clinics, feeds, api_keys, patients, appointments, attempts, senders, holds, sender_blocks, messages, tasks
  TO sms_router;
GRANT UPDATE (state, token, lease_until, reason) ON messages TO sms_router;
GRANT UPDATE (bucket, bucket_at) ON senders TO sms_router;
GRANT UPDATE (state) ON tasks TO sms_router;
GRANT INSERT ON message_log, tasks TO sms_router;
GRANT USAGE, UPDATE ON SEQUENCE attempts_id_seq TO sms_router;
