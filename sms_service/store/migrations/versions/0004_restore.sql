-- Which database this is, and whether it is the one that sent last: asked by guard, claim and fence alike.

-- The timeline is that of the log being written: the control file learns of a promotion only with the next checkpoint.
CREATE FUNCTION identity() RETURNS TABLE (system_identifier text, timeline integer)
LANGUAGE sql VOLATILE AS $$
  SELECT c.system_identifier::text, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
  FROM pg_control_system() AS c
$$;

-- A snapshot was put back, or a standby took over: nobody knows then which of its texts went out. False while no
-- identity is recorded.
CREATE FUNCTION is_restored() RETURNS boolean
LANGUAGE sql VOLATILE AS $$
  SELECT EXISTS (SELECT FROM deployment d, identity() AS i WHERE d.system_identifier IS NOT NULL
                 AND (d.system_identifier, d.timeline) IS DISTINCT FROM (i.system_identifier, i.timeline))
$$;
