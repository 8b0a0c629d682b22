-- The state that our trigger keeps of table c; no row where it may miss a change.
-- Beside what it counted stands all that changes an answer without a statement on
-- the table: the catalogue's rows of table, columns and trigger, and the labels of
-- enumerations. Type 60 is: after INSERT, DELETE, UPDATE, TRUNCATE, per statement.
SELECT concat_ws('/', 'v', current_database(),
    extract(epoch FROM pg_postmaster_start_time()), c.oid, c.xmin, c.relfilenode,
    t.oid, t.xmin, p.xmin, a.columns, e.labels, v.weight, v.mark)
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
CROSS JOIN LATERAL (
    SELECT sum(weight) AS weight, sum(mark) AS mark
    FROM passerelle.change WHERE relation = c.oid) AS v
CROSS JOIN LATERAL (
    SELECT coalesce(sum(hashtextextended(xmin::text, attnum)), 0) AS columns
    FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS a
CROSS JOIN (
    SELECT coalesce(sum(hashtextextended(xmin::text, oid::bigint)), 0) AS labels
    FROM pg_catalog.pg_enum) AS e
WHERE c.relkind = 'r'
  AND t.tgrelid = c.oid AND t.tgname = 'passerelle_change'
  AND t.tgenabled = 'A' AND t.tgtype = 60 AND t.tgqual IS NULL AND t.tgattr::text = ''
  AND v.weight IS NOT NULL
  AND NOT c.relispartition AND c.relpersistence = 'p'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel WHERE srrelid = c.oid)
  AND md5(replace(p.prosrc, chr(13), '')) =
