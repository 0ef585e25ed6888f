-- Up to where in EVENTS all was looked at when deadlines were last applied: what was stored behind
-- it at an earlier time, such as an outage, is still to be felt by servers. Clocks that are there
-- get it with the next event of that kind.

ALTER TABLE clock
  ADD COLUMN log_through bigint NOT NULL DEFAULT 0;  -- of the last deadlines_applied
