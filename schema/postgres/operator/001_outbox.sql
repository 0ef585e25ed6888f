-- What operators have written with psql and the log does not know yet: no read model, so neither a
-- rebuild nor the loss of those may take it along. The janitor makes pool commands of it.

CREATE TABLE outbox (
  id          bigint      NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  region      text        NOT NULL,
  ip          inet        NOT NULL CHECK (family(ip) = 4 AND masklen(ip) = 32),
  inserted_at timestamptz NOT NULL DEFAULT now(),
  inserted_by text        NOT NULL DEFAULT session_user,
  command_id  uuid,                             -- of the command that asks for it, fixed before it
                                                -- is published: a crash in between changes nothing
  sent_at     timestamptz,                      -- none: not yet
  refused     text                              -- why it never will be sent
);

CREATE INDEX outbox_waiting ON outbox (id) WHERE sent_at IS NULL AND refused IS NULL;
