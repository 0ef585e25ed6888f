-- Leases: when a server is terminated if nobody extends it. Those that are there have none.

ALTER TABLE servers
  ADD COLUMN expires_at timestamptz;
