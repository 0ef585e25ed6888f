-- A claim may be stored and its server's event not. An address is taken by its last claimant while
-- that server has no event at all, or while it lives with that address: else the claim is void.
-- Rows of `addresses` do not tell, so whoever reads them reads them through this view.

COMMENT ON COLUMN addresses.server_id IS
  'its last claimant, until that is terminated; address_claims tells whether it has the address';

-- What was never claimed, or was freed, is most of a pool and needs no look at the servers. Events
-- are looked up one by one: there are few such claimants, and very many events.
CREATE VIEW address_claims AS
  SELECT region, ip, last_claim, server_id, false AS lives, false AS is_open
    FROM addresses
   WHERE server_id IS NULL
  UNION ALL
  SELECT a.region, a.ip, a.last_claim, a.server_id, s.id IS NOT NULL,
         s.id IS NULL
           AND (SELECT e.version FROM server_events e WHERE e.server_id = a.server_id LIMIT 1)
               IS NULL
    FROM addresses a
    LEFT JOIN servers s ON s.id = a.server_id AND s.region = a.region AND s.ip = a.ip
                       AND s.status <> 'TERMINATED'
   WHERE a.server_id IS NOT NULL;

CREATE OR REPLACE VIEW ip_pool AS
  SELECT region, ip, CASE WHEN lives OR is_open THEN server_id END AS server_id,
         CASE WHEN lives OR is_open THEN 'TAKEN' ELSE 'FREE' END AS status
    FROM address_claims;
