-- Leaflets: the page behind the link of a visit, and the questions that are asked there.

CREATE TABLE leaflets (                         -- one for each visit and each patient whose visit it was
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  clinic_id bigint NOT NULL REFERENCES clinics,
  patient_id bigint NOT NULL,
  appointment_id bigint NOT NULL,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),  -- SHA-256 of 95 random bits
  token bytea NOT NULL,                         -- sealed with the patient's key: texts name it
  expires_at timestamptz NOT NULL,              -- patient time; moves with the visit
  created_at timestamptz NOT NULL,              -- patient time
  UNIQUE (appointment_id, patient_id),
  FOREIGN KEY (clinic_id, patient_id) REFERENCES patients (clinic_id, id),
  FOREIGN KEY (clinic_id, appointment_id) REFERENCES appointments (clinic_id, id)
);
ALTER TABLE leaflets ENABLE ROW LEVEL SECURITY;
ALTER TABLE leaflets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON leaflets TO sms_app USING (clinic_id = ANY ((SELECT in_scope())::bigint[]));
CREATE POLICY router ON leaflets TO sms_router USING (current_user = 'sms_router');
GRANT SELECT, INSERT ON leaflets TO sms_app;
GRANT UPDATE (expires_at) ON leaflets TO sms_app;
GRANT SELECT ON leaflets TO sms_router;

-- A question that only the page asks: a texted digit does not answer it.
ALTER TABLE messages ADD COLUMN asked_on_page boolean NOT NULL DEFAULT false,
  ADD CHECK (NOT asked_on_page OR question IS NOT NULL);
ALTER TABLE replies ADD COLUMN source text NOT NULL DEFAULT 'text' CHECK (source IN ('text', 'page'));

-- One look-up, whether a token is good, old or guessed.
CREATE FUNCTION route_leaflet(p_hash bytea, p_now timestamptz) RETURNS TABLE (clinic bigint, leaflet bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT clinic_id, id FROM leaflets WHERE token_hash = p_hash AND p_now < expires_at
$$;
ALTER FUNCTION route_leaflet(bytea, timestamptz) OWNER TO sms_router;
REVOKE ALL ON FUNCTION route_leaflet(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_leaflet(bytea, timestamptz) TO sms_app;

-- Visits that were booked before have no link yet, and only the application can seal one. Housekeeping plans
-- every open visit again when the recorded edition of the zone rules is not its own.
UPDATE deployment SET tzdata = NULL;
