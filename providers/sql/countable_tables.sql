-- The tables whose changes a trigger can count, and those where ours does.
-- Left out, because statements change their rows without firing a trigger of theirs:
-- children of other tables (and partitions), and what a subscription writes into.
-- Parents hold rows of others; an unlogged table is emptied by a crash. Columns that
-- show names of the catalogue, or are computed when read, change without a statement.
SELECT
    c.oid::bigint,
    n.nspname,
    c.relname,
    coalesce(
        t.tgenabled = 'A' AND t.tgtype = 60 AND t.tgqual IS NULL AND t.tgattr::text = ''
        AND md5(replace(p.prosrc, chr(13), '')) = %(function)s
        AND has_schema_privilege(s.oid, 'USAGE')
        AND has_table_privilege(k.oid, 'SELECT'), false)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = c.oid AND t.tgname = 'passerelle_change'
LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
LEFT JOIN pg_catalog.pg_namespace AS s ON s.nspname = 'passerelle'
LEFT JOIN pg_catalog.pg_class AS k ON k.relnamespace = s.oid AND k.relname = 'change'
WHERE c.relkind = 'r'
  AND c.relpersistence = 'p'
  AND n.nspname NOT LIKE 'pg\_%%'
  AND n.nspname NOT IN ('information_schema', 'passerelle')
  AND NOT c.relispartition
  AND NOT c.relhassubclass
  AND NOT c.relrowsecurity
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid)
  AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_subscription_rel AS r WHERE r.srrelid = c.oid)
  AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0
          AND (a.attgenerated = 'v' OR y.typname ~ '^_?reg'))
