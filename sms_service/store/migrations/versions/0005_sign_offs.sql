-- Sign-off: released pairs of source and translation, and who vouched for them. Both only ever grow.

CREATE TABLE released_pairs (                   -- one exact text in one language; words for patients, no patient's data
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash text NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$'),
  context text NOT NULL,                        -- gettext msgctxt: pathway.step.variant
  locale text NOT NULL,
  sources jsonb NOT NULL CHECK (jsonb_typeof(sources) = 'array'),
  strings jsonb NOT NULL CHECK (jsonb_typeof(strings) = 'array'),
  edition integer NOT NULL CHECK (edition > 0), -- clinical edition of the source; a newer one withdraws older pairs
  released_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX released_pairs_text ON released_pairs (context, locale, id DESC);

CREATE TABLE sign_offs (                        -- what a person did with a pair
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pair_id bigint NOT NULL REFERENCES released_pairs,
  clinic_id bigint REFERENCES clinics,          -- NULL: for every clinic
  act text NOT NULL CHECK (act IN ('translated', 'reviewed', 'signed', 'withdrawn')),
  role text NOT NULL CHECK (role IN ('translator', 'clinician')),
  person text NOT NULL CHECK (person <> ''),
  meaning text NOT NULL CHECK (meaning <> ''),  -- what the signature says, in words
  at timestamptz NOT NULL,
  until timestamptz,
  CHECK ((act = 'signed') = (until IS NOT NULL)),
  CHECK (until IS NULL OR until > at),
  CHECK (role <> 'clinician' OR act <> 'signed' OR clinic_id IS NOT NULL),
  CHECK (role <> 'translator' OR clinic_id IS NULL),
  UNIQUE NULLS NOT DISTINCT (pair_id, clinic_id, act, role, person, at)
);
CREATE INDEX sign_offs_pair ON sign_offs (pair_id, id);

CREATE FUNCTION never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: record a new row instead', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON released_pairs
  FOR EACH STATEMENT EXECUTE FUNCTION never_changes();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sign_offs
  FOR EACH STATEMENT EXECUTE FUNCTION never_changes();

ALTER TABLE sign_offs ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_offs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sign_offs FOR SELECT TO sms_app
  USING (clinic_id IS NULL OR clinic_id = ANY ((SELECT in_scope())::bigint[]));
CREATE POLICY set_up ON sign_offs TO sms_owner USING (true);
GRANT SELECT ON released_pairs, sign_offs TO sms_app;
