-- The roles of a cluster, for psql run by a superuser with the variables worker_password,
-- api_password and operator_password. May be repeated: a password lost or changed heals by it.
SET log_statement = 'none';
SET password_encryption = 'scram-sha-256';

-- Before there were several, one role named vsim owned all.
SELECT 'ALTER ROLE vsim RENAME TO vsim_worker'
  WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'vsim' AND NOT rolsuper)
    AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vsim_worker') \gexec
SELECT format('CREATE ROLE %I', wanted)
  FROM unnest(ARRAY['vsim_worker', 'vsim_api', 'vsim_operator', 'vsim_owner_on_purpose']) AS wanted
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

ALTER ROLE vsim_worker LOGIN NOCREATEROLE PASSWORD :'worker_password';
ALTER ROLE vsim_api LOGIN PASSWORD :'api_password';
ALTER ROLE vsim_operator LOGIN INHERIT PASSWORD :'operator_password';

-- An operator may become the owner, for a rebuild, by a deliberate SET ROLE: it is not inherited
-- across the role between. What an operator looks after sessions with is.
ALTER ROLE vsim_owner_on_purpose NOLOGIN NOINHERIT;
GRANT vsim_worker TO vsim_owner_on_purpose;
GRANT vsim_owner_on_purpose, pg_monitor, pg_signal_backend TO vsim_operator;
