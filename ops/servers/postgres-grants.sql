-- Who may do what in the database that psql is connected to, as a superuser. May be repeated.
-- The owner makes the tables; what it makes later can be read by the others without more. D26
ALTER DATABASE :"DBNAME" OWNER TO vsim_worker;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO vsim_api, vsim_operator;

ALTER DEFAULT PRIVILEGES FOR ROLE vsim_worker
  GRANT USAGE ON SCHEMAS TO vsim_api, vsim_operator;
ALTER DEFAULT PRIVILEGES FOR ROLE vsim_worker
  GRANT SELECT ON TABLES TO vsim_api, vsim_operator;
ALTER DEFAULT PRIVILEGES FOR ROLE vsim_worker   -- pg_dump reads them
  GRANT SELECT ON SEQUENCES TO vsim_operator;

-- What was made before these roles were.
SELECT format('GRANT USAGE ON SCHEMA %1$I TO vsim_api, vsim_operator;'
              'GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO vsim_api, vsim_operator', nspname)
  FROM pg_namespace WHERE nspowner = 'vsim_worker'::regrole \gexec
