-- How far each stream has been projected, and the clock's last event.

CREATE TABLE projection_checkpoint (
  stream           text   NOT NULL PRIMARY KEY,
  sequence         bigint NOT NULL,             -- of the last message applied; 0: none
  hash             text   NOT NULL,             -- SHA-256 of its payload; '' at 0
  command_sequence bigint NOT NULL              -- JOURNAL: of the last command seen, in COMMANDS
) WITH (fillfactor = 20);

CREATE TABLE clock (
  one_row      boolean          NOT NULL PRIMARY KEY DEFAULT true CHECK (one_row),
  sequence     bigint           NOT NULL,       -- of the clock event in EVENTS
  simulated_at timestamptz      NOT NULL,       -- simulated time when it was stored
  stored_at_ns bigint           NOT NULL,       -- wall time then: the broker's, Unix nanoseconds
  stored_at    timestamptz      GENERATED ALWAYS AS (to_timestamp(stored_at_ns / 1e9)) STORED,
  scale        double precision NOT NULL,       -- simulated seconds in a wall second
  seed         numeric(20)      NOT NULL        -- SIM_SEED
);
