-- A server's last change, apart from the outcomes that changed nothing, is its entity tag; and the
-- earliest deadline is asked for with every bill.
--
-- While an upgrade goes on, an older projector may still be at work, which would move a row and
-- leave its changed_version behind. So all is projected again, from the first event: the older one
-- finds its checkpoint gone, and its rows are refused for want of the column.

TRUNCATE servers, server_events, server_counts, operations, addresses, clock, projection_checkpoint,
  billing_watermarks, billing_periods;

ALTER TABLE servers
  ADD COLUMN changed_version bigint NOT NULL;  -- of the last event that changed the server
COMMENT ON COLUMN servers.updated_at IS 'of the event of changed_version, simulated time';

CREATE INDEX servers_by_due ON servers (due) WHERE due IS NOT NULL;
