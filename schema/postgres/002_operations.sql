-- What became of each command. Outcomes are made from EVENTS; PENDING rows come from JOURNAL, under
-- their own checkpoint, never overwrite an outcome, and do not count as part of the projection.

CREATE TABLE operations (
  id               uuid   NOT NULL PRIMARY KEY, -- of the command
  command_sequence bigint NOT NULL,             -- in COMMANDS
  event_sequence   bigint NOT NULL,             -- of the outcome in EVENTS; 0: PENDING
  version          bigint NOT NULL,             -- of that event; 0: PENDING
  server_id        uuid,                        -- none: a pool command
  decided_at       timestamptz,                 -- simulated time; none: PENDING
  status           text   NOT NULL,             -- PENDING SUCCEEDED REJECTED DEAD_LETTERED PURGED
  type             text   NOT NULL,             -- create, stop, ..., extend_pool
  region           text   NOT NULL,
  code             text   NOT NULL,             -- of a rejection, else ''
  detail           text   NOT NULL,
  request_hash     text   NOT NULL,
  actor            text   NOT NULL,
  correlation_id   text   NOT NULL
) WITH (fillfactor = 90);

CREATE INDEX operations_newest    ON operations (command_sequence);
CREATE INDEX operations_by_server ON operations (server_id, command_sequence);
-- Nearly all succeed; those that did not are the ones people look for.
CREATE INDEX operations_unusual   ON operations (status, command_sequence)
  WHERE status <> 'SUCCEEDED';
