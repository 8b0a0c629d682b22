-- The columns of a constraint of a table, or of a unique index, by its name.
SELECT a.attname::text
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
CROSS JOIN LATERAL (
    SELECT unnest(c.conkey) AS attnum
    FROM pg_catalog.pg_constraint AS c
    WHERE c.conrelid = t.oid AND c.conname = %(constraint)s
    UNION
    SELECT unnest(x.indkey::int2[])
    FROM pg_catalog.pg_index AS x
    JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
    WHERE x.indrelid = t.oid AND i.relname = %(constraint)s
) AS k
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum
WHERE n.nspname = %(schema)s AND t.relname = %(table)s
ORDER BY a.attnum
