-- Servers as of their last projected event, their logs, and how many there are.
--
-- Names are unqualified: whoever applies these files chooses the schema by search_path ("vsim", or
-- a new one beside it during a rebuild). Nothing here is the truth: all of it is made from EVENTS.
-- Texts that come from the log carry no CHECK: the domain has decided, a second opinion could only
-- stop the projection.

CREATE TABLE servers (
  id                   uuid        NOT NULL PRIMARY KEY,
  created_at           timestamptz NOT NULL,
  updated_at           timestamptz NOT NULL,   -- of the last event, simulated time
  version              bigint      NOT NULL,   -- of the last event
  hourly_rate          bigint      NOT NULL,   -- 1/10,000 USD
  settled_seconds      bigint      NOT NULL,   -- billed seconds of closed periods
  idle_timeout_ms      bigint      NOT NULL,   -- 0: never reaped
  granularity_seconds  bigint      NOT NULL,
  minimum_seconds      bigint      NOT NULL,
  name                 text        NOT NULL,
  region               text        NOT NULL,
  type                 text        NOT NULL,
  status               text        NOT NULL,
  profile              text        NOT NULL,
  account              text        NOT NULL,
  ip                   inet        NOT NULL,   -- the last one, also after termination
  tags                 jsonb       NOT NULL,   -- an object of strings
  last_started_at      timestamptz,
  due                  timestamptz,            -- when the transition ends or the idle are reaped
  open_since           timestamptz,            -- begin of the running billing period
  termination_reason   text
) WITH (fillfactor = 80);

-- One index for each filter that a list takes, in the list's own order, so that a page is read off
-- it without a sort. Every change of status writes to all of them; measured, that is cheap enough.
--
-- The conditions hold for every row. They are there because the planner thinks that matches lie
-- evenly among all servers, and would walk servers_newest past 100,000 running ones in search of a
-- page of pending ones. It may take an index only where the query repeats its condition (a bound
-- implies the lower ones), and each query repeats that of the best index for its filters: see
-- schema/read_model/servers.cpp.
CREATE INDEX servers_newest    ON servers (created_at DESC, id) WHERE version > 0;
CREATE INDEX servers_by_region ON servers (region, created_at DESC, id) WHERE version > -1;
CREATE INDEX servers_by_type   ON servers (type, created_at DESC, id) WHERE version > -2;
CREATE INDEX servers_by_status ON servers (status, created_at DESC, id);
CREATE INDEX servers_by_name   ON servers (name, created_at DESC, id);
CREATE INDEX servers_by_tag    ON servers USING gin (tags jsonb_path_ops);

CREATE TABLE server_events (
  server_id      uuid        NOT NULL,
  version        bigint      NOT NULL,
  sequence       bigint      NOT NULL,          -- in EVENTS
  at             timestamptz NOT NULL,          -- simulated time
  event          text        NOT NULL,
  message        text        NOT NULL,
  actor          text        NOT NULL,
  correlation_id text        NOT NULL,          -- '' where there was no request
  command_id     uuid,                          -- none: an event of time
  PRIMARY KEY (server_id, version)
);

-- So that a list's total costs no scan. A row stays when its count falls to 0.
CREATE TABLE server_counts (
  region  text   NOT NULL,
  type    text   NOT NULL,
  status  text   NOT NULL,
  servers bigint NOT NULL,
  PRIMARY KEY (region, type, status)
) WITH (fillfactor = 20);
