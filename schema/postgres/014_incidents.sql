-- Incidents of regions, event by event: what was set, and what ended it. An incident lasts up to
-- the region's next event, or up to its own `until`.

CREATE TABLE region_events (
  region     text        NOT NULL,
  version    bigint      NOT NULL,   -- of the region's event: an incident's number
  sequence   bigint      NOT NULL,   -- in EVENTS
  at         timestamptz NOT NULL,   -- simulated time
  event      text        NOT NULL,   -- incident_set, incident_lifted, incident_ended
  content    text        NOT NULL,   -- of incident_set: JSON, as it is shown
  until      timestamptz,
  outage     text,                   -- what becomes of running servers
  actor      text        NOT NULL,
  command_id uuid,                   -- none: the timekeeper's
  PRIMARY KEY (region, version)
);
