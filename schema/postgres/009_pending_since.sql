-- A command without an outcome may wait again as a later copy, while a worker still holds its first
-- one: finality of bills waits for the first.

ALTER TABLE operations ADD COLUMN pending_since bigint; -- in COMMANDS, PENDING only: its first copy
UPDATE operations SET pending_since = command_sequence WHERE status = 'PENDING';

CREATE INDEX operations_sent_again ON operations (pending_since)
  WHERE status = 'PENDING' AND pending_since <> command_sequence;
