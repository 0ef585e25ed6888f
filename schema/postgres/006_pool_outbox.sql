-- INSERT INTO ip_pool extends a region's pool. The rows go to operator.outbox, which is kept over
-- rebuilds; what the log makes of them comes back here like any other event.

DROP TRIGGER ip_pool_guard ON ip_pool;
DROP FUNCTION refuse_ip_pool_change();

CREATE FUNCTION refuse_ip_pool_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ip_pool shows what the log says and cannot be changed here'
    USING HINT = 'INSERT INTO ip_pool (region, ip) adds addresses; none can be taken away.';
END $$;

CREATE TRIGGER ip_pool_guard INSTEAD OF UPDATE OR DELETE ON ip_pool
  FOR EACH ROW EXECUTE FUNCTION refuse_ip_pool_change();

-- It writes with its owner's rights, so that operators need none on the outbox. A rebuild renames
-- the schema that this is made in: the regions are looked up beside the view, wherever that is.
CREATE FUNCTION extend_ip_pool() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known boolean;
BEGIN
  IF NEW.region IS NULL OR NEW.ip IS NULL THEN
    RAISE EXCEPTION 'an address of the pool needs both region and ip';
  END IF;
  IF NEW.server_id IS NOT NULL OR NEW.status IS NOT NULL THEN
    RAISE EXCEPTION 'only region and ip of an address can be given'
      USING HINT = 'A new address is free; servers take addresses when they are created.';
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %I.regions WHERE name = $1)', TG_TABLE_SCHEMA)
    INTO known USING NEW.region;
  IF NOT known THEN
    RAISE EXCEPTION 'there is no region %', NEW.region
      USING HINT = 'SELECT name FROM regions; lists them.';
  END IF;
  IF family(NEW.ip) <> 4 THEN
    RAISE EXCEPTION '% is no IPv4 address', NEW.ip;
  END IF;
  IF masklen(NEW.ip) <> 32 THEN
    RAISE EXCEPTION '% is a network, and a row is one address', NEW.ip
      USING HINT = 'generate_series() makes a row for each address.';
  END IF;
  INSERT INTO operator.outbox (region, ip) VALUES (NEW.region, NEW.ip);
  RETURN NEW;  -- so that psql tells how many there were
END $$;

CREATE TRIGGER ip_pool_extend INSTEAD OF INSERT ON ip_pool
  FOR EACH ROW EXECUTE FUNCTION extend_ip_pool();

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'vsim_operator') THEN
    GRANT INSERT ON ip_pool TO vsim_operator;
  END IF;
END $$;
