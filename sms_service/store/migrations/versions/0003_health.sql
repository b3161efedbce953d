-- Health: what is asked every few seconds must not count millions of rows, and must not slow a text down.

-- ---------------------------------------------------------------- kept counts
-- Every statement that changes messages or attempts adds what it changed as rows of its own: nobody waits for
-- anybody's lock. The sum over (kind, name) is the count; housekeeping folds the rows together (`fold_tallies`).
--   message   state          how many messages are in it
--   attempt   awaiting       attempts whose outcome is not final
--   reason    reason's code  how often a text was left out or put off for it
--   outcome   class          how often an attempt came to it
--   left      sender's id    attempts made, and when the last one was (`at`)
CREATE TABLE tallies (
  kind text NOT NULL CHECK (kind IN ('message', 'attempt', 'reason', 'outcome', 'left')),
  name text NOT NULL,
  n bigint NOT NULL,
  at timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
GRANT SELECT, INSERT, DELETE ON tallies TO sms_app;
GRANT INSERT ON tallies TO sms_router;
GRANT SELECT ON patient_clock TO sms_router;

-- The transition tables are summed, never joined with each other: a plan that was cached for one row would
-- join five thousand row by row.
CREATE FUNCTION tally_messages() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM tallies WHERE kind = 'message';
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO tallies (kind, name, n) SELECT 'message', state, count(*) FROM new_rows GROUP BY state;
    INSERT INTO tallies (kind, name, n)
      SELECT 'reason', reason, count(*) FROM new_rows WHERE reason IS NOT NULL GROUP BY reason;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO tallies (kind, name, n) SELECT 'message', state, -count(*) FROM old_rows GROUP BY state;
  ELSE
    INSERT INTO tallies (kind, name, n)
      SELECT 'message', state, sum(n) FROM (
        SELECT state, 1 AS n FROM new_rows UNION ALL SELECT state, -1 FROM old_rows) AS moved
      GROUP BY state HAVING sum(n) <> 0;
    INSERT INTO tallies (kind, name, n)
      SELECT 'reason', now_is, count(*) FROM (
        SELECT max(now_is) AS now_is, max(was) AS was FROM (
          SELECT id, reason AS now_is, NULL AS was FROM new_rows WHERE reason IS NOT NULL
          UNION ALL SELECT id, NULL, reason FROM old_rows WHERE reason IS NOT NULL) AS both_sides
        GROUP BY id) AS changed
      WHERE now_is IS NOT NULL AND now_is IS DISTINCT FROM was GROUP BY now_is;
    -- a claim that no worker took to its fence in time: written into the message's log, for `why`, and counted
    IF EXISTS (SELECT FROM old_rows WHERE state = 'claimed' AND lease_until < clock_timestamp()) THEN
      WITH freed AS (
        INSERT INTO message_log (clinic_id, message_id, at, what, reason)
        SELECT clinic_id, id, coalesce((SELECT position FROM patient_clock), clock_timestamp()), 'freed', 'lease_ran_out'
        FROM (SELECT id, clinic_id FROM (
                SELECT id, clinic_id, state = 'claimed' AND lease_until < clock_timestamp() AS ran_out, false AS is_ready
                FROM old_rows
                UNION ALL SELECT id, clinic_id, false, state = 'ready' FROM new_rows) AS both_sides
              GROUP BY id, clinic_id HAVING bool_or(ran_out) AND bool_or(is_ready)) AS claims
        RETURNING 1)
      INSERT INTO tallies (kind, name, n) SELECT 'reason', 'lease_ran_out', count(*) FROM freed HAVING count(*) > 0;
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- Neither what a person has by now nor what was closed without an answer: nothing will come for them.
CREATE FUNCTION is_awaiting(p_state text, p_status text, p_outcome text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
  SELECT coalesce(p_outcome, '') NOT IN ('handed_over', 'delivery_unknown') AND (p_state IN ('open', 'unknown')
    OR (p_state = 'accepted' AND coalesce(p_status, '') IN ('accepted', 'queued', 'sending')))
$$;

CREATE FUNCTION tally_attempts() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM tallies WHERE kind = 'attempt';
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO tallies (kind, name, n)
      SELECT 'attempt', 'awaiting', count(*) FROM new_rows WHERE is_awaiting(state, status, outcome) HAVING count(*) > 0;
    INSERT INTO tallies (kind, name, n, at)
      SELECT 'left', sender_id::text, count(*), max(committed_at) FROM new_rows GROUP BY sender_id;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO tallies (kind, name, n)
      SELECT 'attempt', 'awaiting', -count(*) FROM old_rows WHERE is_awaiting(state, status, outcome) HAVING count(*) > 0;
  ELSE
    INSERT INTO tallies (kind, name, n)
      SELECT 'attempt', 'awaiting', sum(n) FROM (
        SELECT 1 AS n FROM new_rows WHERE is_awaiting(state, status, outcome)
        UNION ALL SELECT -1 FROM old_rows WHERE is_awaiting(state, status, outcome)) AS moved
      HAVING sum(n) <> 0;
    INSERT INTO tallies (kind, name, n)
      SELECT 'outcome', now_is, count(*) FROM (
        SELECT max(now_is) AS now_is, max(was) AS was FROM (
          SELECT id, outcome AS now_is, NULL AS was FROM new_rows WHERE outcome IS NOT NULL
          UNION ALL SELECT id, NULL, outcome FROM old_rows WHERE outcome IS NOT NULL) AS both_sides
        GROUP BY id) AS changed
      WHERE now_is IS NOT NULL AND now_is IS DISTINCT FROM was GROUP BY now_is;
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['messages', 'attempts'] LOOP
    EXECUTE format('CREATE TRIGGER tally_insert AFTER INSERT ON %1$I REFERENCING NEW TABLE AS new_rows'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION tally_%1$s()', name);
    EXECUTE format('CREATE TRIGGER tally_update AFTER UPDATE ON %1$I REFERENCING OLD TABLE AS old_rows'
                   ' NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tally_%1$s()', name);
    EXECUTE format('CREATE TRIGGER tally_delete AFTER DELETE ON %1$I REFERENCING OLD TABLE AS old_rows'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION tally_%1$s()', name);
    EXECUTE format('CREATE TRIGGER tally_truncate AFTER TRUNCATE ON %1$I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION tally_%1$s()', name);
  END LOOP;
END $$;

-- What is there already, counted once, behind the triggers' locks. Row security binds the owner: the router counts.
CREATE FUNCTION count_what_is_there() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO tallies (kind, name, n) SELECT 'message', state, count(*) FROM messages GROUP BY state;
  INSERT INTO tallies (kind, name, n)
    SELECT 'reason', reason, count(*) FROM messages WHERE reason IS NOT NULL GROUP BY reason;
  INSERT INTO tallies (kind, name, n)
    SELECT 'attempt', 'awaiting', count(*) FROM attempts WHERE is_awaiting(state, status, outcome);
  INSERT INTO tallies (kind, name, n)
    SELECT 'outcome', outcome, count(*) FROM attempts WHERE outcome IS NOT NULL GROUP BY outcome;
  INSERT INTO tallies (kind, name, n, at)
    SELECT 'left', sender_id::text, count(*), max(committed_at) FROM attempts GROUP BY sender_id;
$$;
ALTER FUNCTION count_what_is_there() OWNER TO sms_router;
SELECT count_what_is_there();
DROP FUNCTION count_what_is_there();

-- ---------------------------------------------------------------- canaries and the watch
CREATE TABLE canaries (                         -- the last task that came through each queue only to show that it can
  queue text PRIMARY KEY CHECK (queue IN ('tick', 'send', 'housekeeping')),
  arrived_at timestamptz NOT NULL,
  age_s double precision NOT NULL,              -- by the broker's clock at both ends
  beat_ahead_s double precision NOT NULL,       -- the scheduler's clock less the database's
  worker_ahead_s double precision NOT NULL      -- the worker's clock less the database's
);
CREATE TABLE stalls (                           -- senders that have something to send, and nothing leaves (machine time)
  sender_id bigint PRIMARY KEY REFERENCES senders,
  since timestamptz NOT NULL,
  told_at timestamptz                           -- when it was said, once per episode
);
GRANT SELECT, INSERT, UPDATE ON canaries TO sms_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON stalls TO sms_app;

CREATE INDEX messages_at_the_door ON messages (sender_id, clinic_id, due) WHERE state IN ('ready', 'claimed');
CREATE INDEX attempts_unknown ON attempts (committed_at)
  WHERE state = 'unknown' AND outcome IS DISTINCT FROM 'handed_over';

-- For each sender that nothing holds back: since when its oldest text is due (patient time).
-- One step of the recursion for each (sender, clinic) with something ready, however much that is.
CREATE FUNCTION at_the_door(p_now timestamptz) RETURNS TABLE (sender bigint, oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH RECURSIVE ready (sender_id, clinic_id, due) AS (
    (SELECT sender_id, clinic_id, due FROM messages WHERE state IN ('ready', 'claimed')
     ORDER BY sender_id, clinic_id, due LIMIT 1)
    UNION ALL
    SELECT n.sender_id, n.clinic_id, n.due FROM ready r CROSS JOIN LATERAL (
      SELECT m.sender_id, m.clinic_id, m.due FROM messages m WHERE m.state IN ('ready', 'claimed')
      AND (m.sender_id, m.clinic_id) > (r.sender_id, r.clinic_id)
      ORDER BY m.sender_id, m.clinic_id, m.due LIMIT 1) AS n
  ), due AS (
    SELECT sender_id, clinic_id, due FROM ready
    UNION ALL  -- without a tick, what is due stays planned; the oldest thousand say enough
    SELECT s.id, p.clinic_id, p.due FROM senders s CROSS JOIN LATERAL (
      SELECT m.clinic_id, m.due FROM messages m WHERE m.state = 'planned' AND m.sender_id = s.id AND m.due <= p_now
      ORDER BY m.due LIMIT 1000) AS p
  ), open_holds AS MATERIALIZED (SELECT scope, target FROM holds WHERE released_at IS NULL)
  SELECT d.sender_id, min(d.due) FROM due d JOIN senders s ON s.id = d.sender_id
  WHERE s.circuit_open_since IS NULL AND NOT EXISTS (
    SELECT FROM open_holds h WHERE h.scope = 'all' OR (h.scope = 'sender' AND h.target = d.sender_id)
    OR (h.scope = 'clinic' AND h.target = d.clinic_id))
  GROUP BY d.sender_id
$$;

-- Planned texts that no tick has made ready yet; ten thousand stand for more.
CREATE FUNCTION planned_and_due(p_now timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*) FROM (
    SELECT FROM senders s CROSS JOIN LATERAL (
      SELECT FROM messages m WHERE m.state = 'planned' AND m.sender_id = s.id AND m.due <= p_now LIMIT 10000) AS p
    LIMIT 10000) AS first
$$;

CREATE FUNCTION next_due() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT min(p.due) FROM senders s CROSS JOIN LATERAL (
    SELECT m.due FROM messages m WHERE m.state = 'planned' AND m.sender_id = s.id ORDER BY m.due LIMIT 1) AS p
$$;

CREATE FUNCTION oldest_unknown() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT min(committed_at) FROM attempts WHERE state = 'unknown' AND outcome IS DISTINCT FROM 'handed_over'
$$;

DROP FUNCTION pulse(timestamptz);
DROP FUNCTION awaiting_receipt();

DO $$
DECLARE signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY['at_the_door(timestamptz)', 'planned_and_due(timestamptz)', 'next_due()',
                                   'oldest_unknown()'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO sms_router', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sms_app', signature);
  END LOOP;
END $$;
