-- Warm pools, and which servers are theirs. Those that are there are of none.

ALTER TABLE servers
  ADD COLUMN warm_pool   text,                 -- its name; the account is the server's
  ADD COLUMN warm_number bigint,               -- from 1: in the order in which they were asked for
  ADD COLUMN assigned_at timestamptz;          -- since when it is somebody's

-- Of pools' servers that live. Each query of them repeats the condition. // D58
CREATE INDEX servers_of_warm_pools ON servers (account, warm_pool, warm_number)
  WHERE warm_pool IS NOT NULL AND status <> 'TERMINATED';

CREATE TABLE warm_pools (
  account         text        NOT NULL,
  name            text        NOT NULL,
  region          text        NOT NULL,
  type            text        NOT NULL,
  profile         text,                        -- none: the default one of each create's time
  tags            jsonb       NOT NULL,        -- an object of strings
  target          bigint      NOT NULL,
  replenish_below bigint      NOT NULL,
  warming_max     bigint      NOT NULL,
  on_release      text        NOT NULL,        -- terminate, reset
  draining        boolean     NOT NULL,        -- gone, when it has no living server any more
  created_at      timestamptz NOT NULL,        -- simulated time
  updated_at      timestamptz NOT NULL,
  version         bigint      NOT NULL,        -- of the last event that changed it
  sequence        bigint      NOT NULL,        -- in EVENTS
  PRIMARY KEY (account, name)
) WITH (fillfactor = 50);

-- Moved by events of servers, beside the rows above, which those of pools overwrite.
CREATE TABLE warm_pool_counts (
  account     text   NOT NULL,
  name        text   NOT NULL,
  last_number bigint NOT NULL,                 -- the highest that a server has had
  hits        bigint NOT NULL,                 -- acquisitions
  failed      bigint NOT NULL,                 -- servers that did not come to run
  PRIMARY KEY (account, name)
) WITH (fillfactor = 50);
