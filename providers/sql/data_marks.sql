-- What the statistics collector counted of each table: it grows with every change.
SELECT
    schemaname || '.' || relname,
    n_tup_ins || ':' || n_tup_upd || ':' || n_tup_del
FROM pg_catalog.pg_stat_all_tables
WHERE schemaname NOT LIKE 'pg\_%' AND schemaname <> 'information_schema'
