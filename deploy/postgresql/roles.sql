-- Two roles: one owns the tables and migrates, the other works with them every day.
--
-- Run as a superuser, connected to the product's database, once after it was created and again after each
-- `dutycenter db upgrade`; it is safe to repeat. Give both roles a password afterwards (\password).
--
--   createdb dutycenter
--   psql -d dutycenter -f deploy/postgresql/roles.sql
--
-- The ini file of the running processes names dutycenter_app; that of `db upgrade` names dutycenter_owner.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dutycenter_owner') THEN
        CREATE ROLE dutycenter_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dutycenter_app') THEN
        CREATE ROLE dutycenter_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO dutycenter_owner, dutycenter_app', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO dutycenter_owner;
GRANT USAGE ON SCHEMA public TO dutycenter_app;

-- Whatever is there belongs to the owner, also what an earlier installation made under another role.
DO $$
DECLARE
    thing record;
BEGIN
    FOR thing IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE public.%I OWNER TO dutycenter_owner', thing.tablename);
    END LOOP;
    FOR thing IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                 WHERE n.nspname = 'public' LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO dutycenter_owner', thing.name);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO dutycenter_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO dutycenter_app;
ALTER DEFAULT PRIVILEGES FOR ROLE dutycenter_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO dutycenter_app;
ALTER DEFAULT PRIVILEGES FOR ROLE dutycenter_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO dutycenter_app;

-- The ledger only grows: its tables are told by their guard, so that a new one is never forgotten.
DO $$
DECLARE
    guarded record;
BEGIN
    FOR guarded IN SELECT DISTINCT tgrelid::regclass AS name FROM pg_trigger
                   WHERE NOT tgisinternal AND tgfoid = 'refuse_change()'::regprocedure LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON %s FROM dutycenter_app', guarded.name);
    END LOOP;
END $$;

-- The store's version is the owner's to change.
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM dutycenter_app;
