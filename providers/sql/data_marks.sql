-- What the statistics collector counted of each table: it grows with every change.
-- A view has what was counted of all tables that it reads, a parent what was of its
-- children too; one that reads a foreign table, of which nothing is counted, has none.
-- Nor has any where nobody counts: on a standby, and where `track_counts` is off.
--
-- Beside the numbers stands what they are of: a table that was truncated or made anew
-- has another row in pg_class (VACUUM and ANALYZE write it in place), and statistics
-- that were reset, or lost in a crash, begin at another time.
WITH RECURSIVE step AS (
    SELECT r.ev_class AS relation, d.refobjid AS other
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.ev_type = '1'
    JOIN pg_catalog.pg_depend AS d
      ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> c.oid
    WHERE c.relkind = 'v' AND c.oid >= 16384
    UNION
    SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits
),
reads AS (
    SELECT relation, other FROM step
    UNION
    SELECT reads.relation, step.other
    FROM reads JOIN step ON step.relation = reads.other
),
counted AS (
    SELECT
        c.oid, c.relkind, c.xmin AS version,
        pg_stat_get_tuples_inserted(c.oid) AS inserted,
        pg_stat_get_tuples_updated(c.oid) AS updated,
        pg_stat_get_tuples_deleted(c.oid) AS deleted
    FROM pg_catalog.pg_class AS c
    WHERE c.relkind IN ('r', 'm', 'v', 'p', 'f') AND c.oid >= 16384
),
statistics AS (
    SELECT concat_ws(
        '/', extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()),
        extract(epoch FROM pg_stat_get_db_stat_reset_time(d.oid))) AS began
    FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()
),
part AS (
    SELECT oid AS relation, oid AS other FROM counted
    UNION ALL
    SELECT relation, other FROM reads
)
SELECT
    n.nspname || '.' || c.relname,
    sum(k.inserted) || ':' || sum(k.updated) || ':' || sum(k.deleted)
        || '/' || sum(hashtextextended(k.oid || ':' || k.version, 0))
        || '/' || s.began
FROM part AS e
JOIN counted AS k ON k.oid = e.other
JOIN pg_catalog.pg_class AS c ON c.oid = e.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN statistics AS s
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT pg_is_in_recovery() AND current_setting('track_counts')::boolean
GROUP BY n.nspname, c.relname, s.began
HAVING NOT bool_or(k.relkind = 'f')
   AND bool_or(k.relkind IN ('r', 'm', 'p'))
