-- A server's last change, apart from the outcomes that changed nothing, is its entity tag; and the
-- earliest deadline is asked for with every bill.

ALTER TABLE servers ADD COLUMN changed_version bigint;  -- of the last event that changed the server
-- Events of before do not tell, so each counts as a change, as it does when they are read again.
UPDATE servers SET changed_version = version;
ALTER TABLE servers ALTER COLUMN changed_version SET NOT NULL;
COMMENT ON COLUMN servers.updated_at IS 'of the event of changed_version, simulated time';

CREATE INDEX servers_by_due ON servers (due) WHERE due IS NOT NULL;
