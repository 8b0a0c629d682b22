-- The usable indexes on whole columns of all relations (no expressions, no
-- predicate), whether every column that they are on is NOT NULL, and whether the
-- first one has its texts in the order of code points.
SELECT
    i.indrelid::bigint,
    i.indisprimary,
    i.indisunique,
    m.amname,
    array_agg(a.attname::text ORDER BY k.place),
    bool_and(a.attnotnull),
    i.indcollation[0] = (
        SELECT o.oid FROM pg_collation AS o
        WHERE o.collname = 'C' AND o.collnamespace = 'pg_catalog'::regnamespace)
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = c.relam
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = ANY (%(relations)s::oid[])
  AND i.indisvalid
  AND i.indpred IS NULL
  AND i.indexprs IS NULL
  AND k.place <= i.indnkeyatts
GROUP BY i.indexrelid, i.indrelid, i.indisprimary, i.indisunique, m.amname, c.relname,
    i.indcollation
ORDER BY i.indrelid, c.relname
