-- The columns of all relations, each with the type that it comes down to (a
-- domain, even over another domain, is resolved to its base), whether it may be
-- read, what fills it by itself, and whether its collation takes different texts for
-- the same.
WITH RECURSIVE chain (domain, base, typmod, required, filled) AS (
    SELECT t.oid, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault IS NOT NULL
    FROM pg_type AS t
    WHERE t.typtype = 'd'
    UNION ALL
    SELECT chain.domain, t.typbasetype,
           CASE WHEN chain.typmod >= 0 THEN chain.typmod ELSE t.typtypmod END,
           chain.required OR t.typnotnull,
           chain.filled OR t.typdefault IS NOT NULL
    FROM chain
    JOIN pg_type AS t ON t.oid = chain.base
    WHERE t.typtype = 'd'
),
resolved AS (
    SELECT chain.*
    FROM chain
    JOIN pg_type AS t ON t.oid = chain.base
    WHERE t.typtype <> 'd'
)
SELECT
    a.attrelid::bigint,
    a.attname,
    format_type(coalesce(r.base, a.atttypid),
                CASE WHEN r.domain IS NULL THEN a.atttypmod ELSE r.typmod END),
    NOT (a.attnotnull OR coalesce(r.required, false)),
    coalesce(col_description(a.attrelid, a.attnum), ''),
    t.typname,
    t.typtype,
    t.typcategory,
    n.nspname,
    CASE WHEN r.domain IS NULL THEN a.atttypmod ELSE r.typmod END,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT'),
    ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e
          WHERE e.enumtypid = a.atttypid ORDER BY e.enumsortorder),
    CASE WHEN a.attgenerated <> '' OR a.attidentity = 'a' THEN 'always'
         WHEN a.atthasdef OR a.attidentity = 'd' OR r.filled THEN 'default' END,
    EXISTS (SELECT FROM pg_collation AS c
            WHERE c.oid = a.attcollation AND NOT c.collisdeterministic)
FROM pg_attribute AS a
LEFT JOIN resolved AS r ON r.domain = a.atttypid
JOIN pg_type AS t ON t.oid = coalesce(r.base, a.atttypid)
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE a.attrelid = ANY (%(relations)s::oid[])
  AND a.attnum > 0
  AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
