-- A digest over the catalogue's rows of all tables that are not the system's.
-- xmin is the transaction that wrote a catalogue row: any ALTER, COMMENT, GRANT or
-- CREATE INDEX leaves another one, while VACUUM and ANALYZE write in place.
WITH relation AS (
    SELECT c.oid, c.xmin::text AS version
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
      AND n.nspname NOT LIKE 'pg\_%'
      AND n.nspname <> 'information_schema'
),
part AS (
    SELECT oid, 0 AS part, version FROM relation
    UNION ALL
    SELECT a.attrelid, a.attnum, a.xmin::text
    FROM pg_catalog.pg_attribute AS a JOIN relation AS r ON r.oid = a.attrelid
    WHERE a.attnum > 0
    UNION ALL
    SELECT a.attrelid, 20000 + e.oid::bigint, e.xmin::text
    FROM pg_catalog.pg_attribute AS a
    JOIN relation AS r ON r.oid = a.attrelid
    JOIN pg_catalog.pg_enum AS e ON e.enumtypid = a.atttypid
    WHERE a.attnum > 0
    UNION ALL
    SELECT i.indrelid, 10000 + i.indexrelid::bigint, i.xmin::text
    FROM pg_catalog.pg_index AS i JOIN relation AS r ON r.oid = i.indrelid
    UNION ALL
    SELECT d.objoid, -1 - d.objsubid, d.xmin::text
    FROM pg_catalog.pg_description AS d JOIN relation AS r ON r.oid = d.objoid
    WHERE d.classoid = 'pg_catalog.pg_class'::regclass
    UNION ALL
    SELECT t.tgrelid, -10000 - t.oid::bigint, t.xmin::text
    FROM pg_catalog.pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid
    WHERE t.tgname = 'passerelle_change'
    UNION ALL
    SELECT n.oid, -1, n.xmin::text
    FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'passerelle'
)
SELECT
    count(*),
    coalesce(sum(hashtextextended(oid::text || '/' || part || '/' || version, 0)), 0)
FROM part
