-- The few needs that cross clinics, as functions that return ids only. They run as sms_router.

CREATE FUNCTION authenticate_key(p_hash bytea) RETURNS TABLE (feed bigint, clinic bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT feed_id, clinic_id FROM api_keys WHERE hash = p_hash AND revoked_at IS NULL
$$;

CREATE FUNCTION route_receipt(p_attempt bigint, p_sid text) RETURNS TABLE (clinic bigint, attempt bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT clinic_id, id FROM attempts WHERE id = p_attempt
  UNION ALL
  -- an id that is nobody's was lost with a restore: its text may have been bound again by its SID
  SELECT clinic_id, id FROM attempts WHERE sid = p_sid AND NOT EXISTS (SELECT FROM attempts WHERE id = p_attempt)
$$;

-- Whose phone wrote to this sender: patients of any clinic on it, the one last texted first.
CREATE FUNCTION route_inbound(p_sender bigint, p_phones bytea[]) RETURNS TABLE (clinic bigint, patient bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.clinic_id, p.id
  FROM patients p JOIN clinics c ON c.id = p.clinic_id
  WHERE p.phone_index = ANY (p_phones)
    -- a clinic that changed its sender is still answered on the number its patients know
    AND (c.sender_id = p_sender
         OR EXISTS (SELECT FROM messages o WHERE o.patient_id = p.id AND o.sender_id = p_sender AND o.sent_at IS NOT NULL))
  ORDER BY (SELECT max(m.sent_at) FROM messages m WHERE m.patient_id = p.id) DESC NULLS LAST, p.id
$$;

CREATE FUNCTION clinic_ids() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT id FROM clinics $$;

-- Attempts without an outcome that are older than p_age (machine time), less those that a person has by now.
CREATE FUNCTION unsettled(p_state text, p_age interval, p_limit integer)
RETURNS TABLE (attempt bigint, clinic bigint, sender bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT id, clinic_id, sender_id FROM attempts
  WHERE state = p_state AND state IN ('open', 'unknown') AND committed_at < clock_timestamp() - p_age
    AND outcome IS DISTINCT FROM 'handed_over'
  ORDER BY committed_at LIMIT p_limit
$$;

-- Scheduled tasks whose time has come become work for people.
CREATE FUNCTION open_due_tasks(p_now timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH opened AS (
    UPDATE tasks SET state = 'open' WHERE state = 'scheduled' AND due <= p_now RETURNING 1
  ) SELECT count(*) FROM opened
$$;

-- Counts without any patient in them: for health, metrics and the stepping of patient time.
CREATE FUNCTION pulse(p_now timestamptz)
RETURNS TABLE (state text, messages bigint, due_now bigint, next_due timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT m.state, count(*), count(*) FILTER (WHERE m.due <= p_now), min(m.due)
  FROM messages m GROUP BY m.state
$$;

CREATE FUNCTION next_task_due() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT min(due) FROM tasks WHERE state = 'scheduled'
$$;

CREATE FUNCTION awaiting_receipt() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*) FROM attempts
  WHERE state IN ('open', 'unknown') OR (state = 'accepted' AND coalesce(status, '') IN ('accepted', 'queued', 'sending'))
$$;

-- After a restore: ids given out later than the snapshot may be in callback URLs still under way.
CREATE FUNCTION skip_attempt_ids() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT setval(pg_get_serial_sequence('attempts', 'id'), nextval(pg_get_serial_sequence('attempts', 'id')) + 1000000)
$$;

-- The tick's claim for one sender. One transaction; rows that someone else holds are left for the next tick.
--   1. claims whose lease ran out are freed (a message that is *sending* never is)
--   2. what is due becomes ready; what can no longer be useful is skipped, a must-have becomes a task
--   3. as much as the bucket holds is claimed: earliest deadline first while that is feasible, else
--      must-haves first and then fair over clinics; one text in flight per number
CREATE FUNCTION claim_due(p_sender bigint, p_now timestamptz, p_tokens uuid[], p_batch integer, p_lease interval)
RETURNS TABLE (message bigint, clinic bigint, claim uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_bucket double precision;
  v_rate double precision;
  v_overload boolean := false;
  v_busy bytea[];    -- numbers with a text in flight
  v_held bigint[];   -- clinics on hold
  v_chosen bigint[]; -- what to claim, in order
  v_capacity integer := p_batch * cardinality(p_tokens);  -- what the workers can take, less what they have
BEGIN
  IF NOT pg_try_advisory_xact_lock(1, p_sender::integer) THEN RETURN; END IF;

  -- ARRAY(…) is worked out once; as IN (…) the planner may run it again for every row, past its LIMIT
  UPDATE messages SET state = 'ready', token = NULL, lease_until = NULL
  WHERE id = ANY (ARRAY(SELECT id FROM messages WHERE sender_id = p_sender AND state = 'claimed'
                        AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED));

  v_capacity := v_capacity - (SELECT count(*) FROM messages WHERE sender_id = p_sender AND state = 'claimed');

  UPDATE messages SET state = 'ready', reason = NULL
  WHERE id = ANY (ARRAY(SELECT id FROM messages WHERE sender_id = p_sender AND state = 'planned' AND due <= p_now
                        ORDER BY due LIMIT 5000 FOR UPDATE SKIP LOCKED));

  -- three seconds' worth at most, so that the provider's queue stays short and STOP stays enforceable
  UPDATE senders SET
    bucket = least(bucket + segments_per_second * greatest(0, extract(epoch FROM clock_timestamp() - bucket_at)),
                   greatest(3 * segments_per_second, 10)),
    bucket_at = clock_timestamp()
  WHERE id = p_sender
  RETURNING bucket, segments_per_second INTO v_bucket, v_rate;

  WITH late AS (
    UPDATE messages SET state = 'skipped', reason = CASE WHEN v_bucket < 1 THEN 'overload' ELSE 'window_passed' END
    WHERE id = ANY (ARRAY(SELECT id FROM messages WHERE sender_id = p_sender AND state = 'ready' AND until < p_now
                          ORDER BY until LIMIT 5000 FOR UPDATE SKIP LOCKED))
    RETURNING id, clinic_id, reason, priority, patient_id, appointment_id
  ), logged AS (
    INSERT INTO message_log (clinic_id, message_id, at, what, reason)
    SELECT clinic_id, id, p_now, 'skipped', late.reason FROM late
  )
  INSERT INTO tasks (clinic_id, kind, cause, cause_id, appointment_id, patient_id, due, state)
  SELECT clinic_id, 'phone_instead', 'message', id, appointment_id, patient_id, p_now, 'open'
  FROM late WHERE priority = 0
  ON CONFLICT DO NOTHING;

  IF EXISTS (SELECT FROM holds WHERE released_at IS NULL
             AND (scope = 'all' OR (scope = 'sender' AND target = p_sender)))
     OR EXISTS (SELECT FROM senders WHERE id = p_sender AND circuit_open_since IS NOT NULL) THEN
    RETURN;
  END IF;

  v_held := ARRAY(SELECT h.target FROM holds h WHERE h.released_at IS NULL AND h.scope = 'clinic');

  SELECT coalesce(bool_or(cumulated > v_bucket + v_rate * extract(epoch FROM until - p_now)), false) INTO v_overload
  FROM (SELECT until, sum(segments) OVER (ORDER BY until) AS cumulated
        FROM messages WHERE sender_id = p_sender AND state = 'ready' AND until >= p_now
          AND clinic_id <> ALL (v_held)) AS ready
  WHERE v_bucket < 1000000;  -- a sender without a limit is never overloaded

  -- What to claim is decided first and locked second, by primary key: the planner knows nothing of how many
  -- rows are ready at this moment, and one statement for both would join them row by row.
  v_busy := ARRAY(SELECT f.phone_index FROM messages f WHERE f.sender_id = p_sender
                  AND f.phone_index IS NOT NULL AND f.state IN ('claimed', 'sending'));

  WITH ready AS (
    SELECT m.id, m.clinic_id, m.phone_index, m.segments, m.until, m.priority, m.due
    FROM messages m
    WHERE m.sender_id = p_sender AND m.state = 'ready' AND m.clinic_id <> ALL (v_held) AND m.until >= p_now
      AND m.phone_index NOT IN (SELECT unnest(v_busy))
    ORDER BY m.until LIMIT CASE WHEN v_overload THEN NULL ELSE 3 * greatest(v_capacity, 0) END
  ), first AS (
    SELECT DISTINCT ON (phone_index) * FROM ready ORDER BY phone_index, due, priority, id
  ), ranked AS (
    SELECT id, segments, until, priority,
           row_number() OVER (PARTITION BY clinic_id, priority > 0 ORDER BY until, id) AS turn
    FROM first
  ), ordered AS (
    SELECT id, segments,
           row_number() OVER w AS place, sum(segments) OVER w AS cumulated
    FROM ranked
    WINDOW w AS (ORDER BY CASE WHEN v_overload AND priority > 0 THEN 1 ELSE 0 END,
                          CASE WHEN v_overload THEN turn ELSE 0 END, until, id)
  )
  SELECT array_agg(id ORDER BY place) INTO v_chosen FROM ordered
  WHERE place <= v_capacity AND cumulated - segments < v_bucket;

  RETURN QUERY
  WITH locked AS (
    SELECT m.id, c.place FROM unnest(v_chosen) WITH ORDINALITY AS c (id, place) JOIN messages m ON m.id = c.id
    WHERE m.state || '' = 'ready'  -- asked again under the lock; spelt so that the key's index finds the rows
    FOR UPDATE OF m SKIP LOCKED
  ), batched AS (
    SELECT id, p_tokens[1 + ((row_number() OVER (ORDER BY place) - 1) / p_batch)::integer] AS batch_token FROM locked
  ), claimed AS (
    UPDATE messages m SET state = 'claimed', token = b.batch_token, lease_until = clock_timestamp() + p_lease
    FROM batched b WHERE m.id = b.id
    RETURNING m.id, m.clinic_id, m.token, m.segments
  ), debited AS (
    UPDATE senders s SET bucket = s.bucket - coalesce((SELECT sum(segments) FROM claimed), 0) WHERE s.id = p_sender
  )
  SELECT claimed.id, claimed.clinic_id, claimed.token FROM claimed;
END $$;

DO $$
DECLARE signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'authenticate_key(bytea)', 'route_receipt(bigint, text)', 'route_inbound(bigint, bytea[])', 'clinic_ids()',
    'unsettled(text, interval, integer)', 'open_due_tasks(timestamptz)', 'pulse(timestamptz)', 'next_task_due()',
    'awaiting_receipt()', 'skip_attempt_ids()', 'claim_due(bigint, timestamptz, uuid[], integer, interval)'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO sms_router', signature);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO sms_app', signature);
  END LOOP;
END $$;
