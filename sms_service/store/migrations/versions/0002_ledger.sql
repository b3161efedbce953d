-- The ledger: what the provider's list says of our attempts, and where the two do not agree.

ALTER TABLE attempts
  ADD COLUMN mark text,                -- random, in the callback URL: ids may be given out again after a restore
  ADD COLUMN billed_segments smallint CHECK (billed_segments > 0),
  ADD COLUMN price numeric(12, 6),     -- as the provider writes it: a charge is negative
  ADD COLUMN price_unit text,          -- ISO 4217
  ADD COLUMN listed_at timestamptz;    -- when the provider's list first showed it
-- what no list has shown yet; a listed attempt leaves the index
CREATE INDEX attempts_unlisted ON attempts (committed_at) WHERE sid IS NOT NULL AND listed_at IS NULL;
-- what may still be told of by a receipt
CREATE INDEX attempts_unfinished ON attempts (committed_at)
  WHERE state = 'accepted' AND status IN ('accepted', 'scheduled', 'queued', 'sending', 'sent')
    AND outcome IS DISTINCT FROM 'delivery_unknown';

CREATE TABLE ledger_runs (                      -- one comparison of a period with the provider's list (machine time)
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,                   -- what is younger may still be on its way into the list
  nightly boolean NOT NULL,                     -- whether the next nightly run may begin where this one ended
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  listed boolean NOT NULL DEFAULT false,        -- the whole list was read; what it did not show is asked for one by one
  place text,                                   -- the list's next page, as the provider names it (no number in it)
  after_attempt bigint NOT NULL DEFAULT 0,
  counts jsonb NOT NULL DEFAULT '{}',
  CHECK (since < until)
);
CREATE UNIQUE INDEX ledger_runs_open ON ledger_runs ((true)) WHERE ended_at IS NULL;

CREATE TABLE differences (                      -- between the provider and us; no patient data in them
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('status', 'code', 'segments', 'price', 'unknown_here', 'missing_there',
                                     'orphan_receipt')),
  sid text NOT NULL,
  clinic_id bigint REFERENCES clinics,          -- NULL: no attempt of any clinic is known for it
  attempt_id bigint REFERENCES attempts,
  sender_id bigint REFERENCES senders,
  ours text,
  theirs text,
  first_seen timestamptz NOT NULL DEFAULT now(),  -- both of the transaction: equal until it is seen again
  last_seen timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  resolution text CHECK (resolution IN ('corrected', 'agreed', 'matched', 'by_hand')),
  CHECK ((resolved_at IS NULL) = (resolution IS NULL)),
  CHECK ((attempt_id IS NULL) = (clinic_id IS NULL))
);
CREATE UNIQUE INDEX differences_open ON differences (kind, sid) WHERE resolved_at IS NULL;
CREATE INDEX differences_attempt ON differences (attempt_id);

ALTER TABLE differences ENABLE ROW LEVEL SECURITY;
ALTER TABLE differences FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON differences TO sms_app
  USING (clinic_id IS NULL OR clinic_id = ANY ((SELECT in_scope())::bigint[]));
CREATE POLICY router ON differences TO sms_router USING (current_user = 'sms_router');
GRANT SELECT, INSERT, UPDATE ON differences, ledger_runs TO sms_app;
GRANT SELECT, UPDATE (resolved_at, resolution) ON differences TO sms_router;
GRANT SELECT ON orphan_receipts TO sms_router;

-- By SID first: it is the provider's own and unique. An attempt's id may have been given out a second time by a
-- restored database; whether the receipt is this attempt's is then for its mark to say.
CREATE OR REPLACE FUNCTION route_receipt(p_attempt bigint, p_sid text) RETURNS TABLE (clinic bigint, attempt bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT clinic_id, id FROM attempts WHERE sid = p_sid
  UNION ALL
  SELECT clinic_id, id FROM attempts WHERE id = p_attempt AND NOT EXISTS (SELECT FROM attempts WHERE sid = p_sid)
$$;

-- A page of the provider's list: whose attempts these are.
CREATE FUNCTION route_sids(p_sids text[]) RETURNS TABLE (clinic bigint, attempt bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT clinic_id, id FROM attempts WHERE sid = ANY (p_sids)
$$;

-- Unknown attempts older than p_age by sender and number, over all clinics: their unknowns share the provider's
-- list and must be looked up together. One waits while a younger one was made so shortly after it (p_near) that a
-- trace could be of either. Those that a person has by now are left out.
CREATE FUNCTION unknown_numbers(p_age interval, p_near interval, p_limit integer)
RETURNS TABLE (attempt bigint, clinic bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH waiting AS (
    SELECT id, clinic_id, sender_id, phone_index, committed_at, state FROM attempts
    WHERE state IN ('open', 'unknown') AND outcome IS DISTINCT FROM 'handed_over'
  ), old AS (
    SELECT * FROM waiting w WHERE w.state = 'unknown' AND w.committed_at < clock_timestamp() - p_age
    AND NOT EXISTS (SELECT FROM waiting y
                    WHERE y.sender_id = w.sender_id AND y.phone_index = w.phone_index
                      AND y.committed_at >= clock_timestamp() - p_age AND y.committed_at < w.committed_at + p_near)
  ), numbers AS (
    SELECT sender_id, phone_index FROM old GROUP BY sender_id, phone_index ORDER BY min(committed_at) LIMIT p_limit
  )
  SELECT o.id, o.clinic_id FROM numbers JOIN old o USING (sender_id, phone_index) ORDER BY o.committed_at
$$;

-- Attempts with a SID that no list has shown, in the order of their ids.
CREATE FUNCTION unlisted(p_since timestamptz, p_until timestamptz, p_after bigint, p_limit integer)
RETURNS TABLE (clinic bigint, attempt bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT clinic_id, id FROM attempts
  WHERE sid IS NOT NULL AND listed_at IS NULL AND committed_at >= p_since AND committed_at < p_until AND id > p_after
  ORDER BY id LIMIT p_limit
$$;

-- Attempts of which the provider has said nothing final for p_age (machine time).
CREATE FUNCTION silent(p_age interval, p_limit integer) RETURNS TABLE (clinic bigint, attempt bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT clinic_id, id FROM attempts
  WHERE state = 'accepted' AND status IN ('accepted', 'scheduled', 'queued', 'sending', 'sent')
    AND outcome IS DISTINCT FROM 'delivery_unknown' AND committed_at < clock_timestamp() - p_age
  ORDER BY committed_at LIMIT p_limit
$$;

-- Receipts that waited for a SID which is bound by now.
CREATE FUNCTION matched_orphans(p_limit integer) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT o.sid FROM orphan_receipts o JOIN attempts t ON t.sid = o.sid LIMIT p_limit
$$;

-- A message that nobody knew, and that an attempt has by now, is no difference any more.
CREATE FUNCTION close_matched_differences() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH closed AS (
    UPDATE differences d SET resolved_at = clock_timestamp(), resolution = 'matched'
    WHERE d.resolved_at IS NULL AND d.kind IN ('unknown_here', 'orphan_receipt')
      AND EXISTS (SELECT FROM attempts t WHERE t.sid = d.sid) RETURNING 1
  ) SELECT count(*) FROM closed
$$;

CREATE FUNCTION open_differences() RETURNS TABLE (kind text, differences bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.kind, count(*) FROM differences d WHERE d.resolved_at IS NULL GROUP BY d.kind
$$;

DO $$
DECLARE signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'route_sids(text[])', 'unknown_numbers(interval, interval, integer)',
    'unlisted(timestamptz, timestamptz, bigint, integer)', 'silent(interval, integer)', 'matched_orphans(integer)',
    'close_matched_differences()', 'open_differences()'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO sms_router', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sms_app', signature);
  END LOOP;
END $$;
