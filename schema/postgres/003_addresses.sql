-- The catalogue, and every address of every region's pool.

CREATE TABLE regions (
  name text NOT NULL PRIMARY KEY
);

CREATE TABLE instance_types (
  name        text   NOT NULL PRIMARY KEY,
  hourly_rate bigint NOT NULL                   -- 1/10,000 USD
);

CREATE TABLE addresses (
  region     text   NOT NULL,
  ip         inet   NOT NULL,
  server_id  uuid,                              -- its holder; none: free
  last_claim bigint NOT NULL DEFAULT 0,         -- in EVENTS, of the last claim; 0: never claimed
  PRIMARY KEY (region, ip)
) WITH (fillfactor = 70);

-- What operators see and name. A view, because its rows are not theirs to change.
CREATE VIEW ip_pool AS
  SELECT region, ip, server_id,
         CASE WHEN server_id IS NULL THEN 'FREE' ELSE 'TAKEN' END AS status
    FROM addresses;

-- A plain view of one table takes INSERTs by itself, and would put addresses into a read model that
-- the log knows nothing of. Until operators can extend a pool from psql, they are told where to.

CREATE FUNCTION refuse_ip_pool_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ip_pool shows what the log says and cannot be changed here'
    USING HINT = 'Extend a pool with POST /regions/{region}/addresses.';
END $$;

CREATE TRIGGER ip_pool_guard INSTEAD OF INSERT OR UPDATE OR DELETE ON ip_pool
  FOR EACH ROW EXECUTE FUNCTION refuse_ip_pool_change();
