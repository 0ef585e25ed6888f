-- What befalls servers: failures of boots and hosts, impaired health, interruptions. All columns
-- have a value for servers that nothing befalls, so the rows that are there stay as they are.

ALTER TABLE servers
  ADD COLUMN due_turn        text,         -- what comes at `due`; null: a transition ends, or an
                                           -- idle server is reaped
  ADD COLUMN transition_due  timestamptz,  -- when that is, where due_turn comes before it
  ADD COLUMN failure_code    text,
  ADD COLUMN failure_detail  text,
  ADD COLUMN health          text NOT NULL DEFAULT 'ok',
  ADD COLUMN interruption_at timestamptz;  -- once it is announced
