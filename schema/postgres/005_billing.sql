-- What is billed, how far it has been billed, and how far the clock's deadlines have been applied.
--
-- Rows of these cannot be made from the tables before, so what has been projected until now is
-- projected again, from the first event. Both checkpoints go: PENDING operations are JOURNAL's.

TRUNCATE servers, server_events, server_counts, operations, addresses, clock, projection_checkpoint;

ALTER TABLE clock
  ADD COLUMN version           bigint      NOT NULL,  -- of the clock's last event
  ADD COLUMN deadlines_applied timestamptz NOT NULL;  -- what fell due by then is in the log

-- Up to when everything in a region has been billed: its last watermark.
CREATE TABLE billing_watermarks (
  region   text        NOT NULL PRIMARY KEY,
  sequence bigint      NOT NULL,                -- in EVENTS
  version  bigint      NOT NULL,                -- counts the region's watermarks
  through  timestamptz NOT NULL                 -- simulated time
) WITH (fillfactor = 20);

-- One row for each stretch of billable time of a server. A row is written when its period begins
-- and once more when it ends.
CREATE TABLE billing_periods (
  server_id           uuid        NOT NULL,
  opened_version      bigint      NOT NULL,     -- of the event that the period began with
  began               timestamptz NOT NULL,     -- simulated time
  ended               timestamptz,              -- none: it runs
  hourly_rate         bigint      NOT NULL,     -- 1/10,000 USD
  granularity_seconds bigint      NOT NULL,
  minimum_seconds     bigint      NOT NULL,
  settled_before      bigint      NOT NULL,     -- billed seconds of the server's earlier periods
  billed_seconds      bigint,                   -- by granularity and minimum; none: it runs
  region              text        NOT NULL,
  type                text        NOT NULL,
  PRIMARY KEY (server_id, opened_version)
) WITH (fillfactor = 80);

-- Those that run, of which a server has one at most: to end it, and for bills up to now.
CREATE INDEX billing_periods_running ON billing_periods (server_id) WHERE ended IS NULL;
-- For bills of a stretch of time. Both columns, so that periods that began after it cost no look
-- at their rows.
CREATE INDEX billing_periods_ended ON billing_periods (ended, began) WHERE ended IS NOT NULL;
