-- Whose servers, commands and bills they are. What is there is of the default account.
--
-- The columns keep no default: while an upgrade goes on, an older projector may still be at work,
-- which knows no accounts, and whose rows are refused for want of the column.

ALTER TABLE operations      ADD COLUMN account text NOT NULL DEFAULT 'default';
ALTER TABLE billing_periods ADD COLUMN account text NOT NULL DEFAULT 'default';
ALTER TABLE server_counts   ADD COLUMN account text NOT NULL DEFAULT 'default';
ALTER TABLE operations      ALTER COLUMN account DROP DEFAULT;
ALTER TABLE billing_periods ALTER COLUMN account DROP DEFAULT;
ALTER TABLE server_counts   ALTER COLUMN account DROP DEFAULT;
COMMENT ON COLUMN operations.account IS
  'in whose name; else whose the server is; empty: PENDING, and neither is known';

ALTER TABLE server_counts DROP CONSTRAINT server_counts_pkey;
ALTER TABLE server_counts ADD PRIMARY KEY (region, type, status, account);

-- Of named accounts only: where there are none, these cost nothing. Each query of one repeats the
-- condition. // D58
CREATE INDEX servers_by_account ON servers (account, created_at DESC, id)
  WHERE account <> 'default';
CREATE INDEX operations_by_account ON operations (account, command_sequence)
  WHERE account <> 'default';
CREATE INDEX operations_unusual_by_account ON operations (account, status, command_sequence)
  WHERE account <> 'default' AND status <> 'SUCCEEDED';
CREATE INDEX billing_periods_running_by_account ON billing_periods (account)
  WHERE ended IS NULL AND account <> 'default';
CREATE INDEX billing_periods_ended_by_account ON billing_periods (account, ended, began)
  WHERE ended IS NOT NULL AND account <> 'default';
