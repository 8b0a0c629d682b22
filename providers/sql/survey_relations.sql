-- Every relation that may hold data, readable or not: tables (a partitioned one
-- for all of its partitions), views, materialised views and foreign tables.
-- Left out: system schemas, what an extension owns, temporary tables.
SELECT
    c.oid::bigint,
    n.nspname,
    c.relname,
    c.relkind,
    coalesce(obj_description(c.oid, 'pg_class'), ''),
    has_schema_privilege(n.oid, 'USAGE')
        AND has_any_column_privilege(c.oid, 'SELECT'),
    has_table_privilege(c.oid, 'SELECT'),
    greatest(c.reltuples, 0)::float8
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND CASE
        WHEN cardinality(%(schemas)s::text[]) > 0
        THEN n.nspname = ANY (%(schemas)s::text[])
        ELSE n.nspname NOT IN ('topology', 'tiger', 'tiger_data')
            -- nor our own store, where it lives in the same database
            AND NOT (n.nspname = 'passerelle' AND EXISTS (
                SELECT FROM pg_class AS own
                WHERE own.relnamespace = n.oid AND own.relname = 'ledger'))
            -- nor the log of our triggers
            AND NOT (n.nspname = 'passerelle' AND c.relname = 'change')
      END
  AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass
          AND d.objid = c.oid
          AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
