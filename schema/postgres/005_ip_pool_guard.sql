-- A plain view of one table takes INSERTs by itself, and would put addresses into a read model that
-- the log knows nothing of. Until operators can extend a pool from psql, they are told where to.

CREATE FUNCTION refuse_ip_pool_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ip_pool shows what the log says and cannot be changed here'
    USING HINT = 'Extend a pool with POST /regions/{region}/addresses.';
END $$;

CREATE TRIGGER ip_pool_guard INSTEAD OF INSERT OR UPDATE OR DELETE ON ip_pool
  FOR EACH ROW EXECUTE FUNCTION refuse_ip_pool_change();
