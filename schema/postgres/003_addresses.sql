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
