-- INSERT INTO ip_pool refuses addresses that no server can have, as every other way into a pool
-- does (RFC 6890).

CREATE OR REPLACE FUNCTION extend_ip_pool() RETURNS trigger LANGUAGE plpgsql
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known boolean;
  block cidr;
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
  FOREACH block IN ARRAY
    ARRAY['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4']::cidr[]
  LOOP
    IF NEW.ip <<= block THEN
      RAISE EXCEPTION 'no server can have the address %, of % (RFC 6890)', host(NEW.ip), block
        USING HINT = 'Give another one, such as 10.0.0.1.';
    END IF;
  END LOOP;
  INSERT INTO operator.outbox (region, ip) VALUES (NEW.region, NEW.ip);
  RETURN NEW;  -- so that psql tells how many there were
END $$;
