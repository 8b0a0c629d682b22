-- The views that stand, however many views below, on a geometry column that
-- has a spatial index.
WITH RECURSIVE uses (view, relation, attnum) AS (
    SELECT r.ev_class, d.refobjid, d.refobjsubid
    FROM pg_class AS v
    JOIN pg_rewrite AS r ON r.ev_class = v.oid
    JOIN pg_depend AS d
      ON d.classid = 'pg_rewrite'::regclass
     AND d.objid = r.oid
     AND d.refclassid = 'pg_class'::regclass
    WHERE v.relkind = 'v'  -- a materialised view has indexes of its own, or none
      AND r.ev_class = ANY (%(relations)s::oid[])
      AND d.refobjid <> r.ev_class
    UNION
    SELECT uses.view, d.refobjid, d.refobjsubid
    FROM uses
    JOIN pg_class AS c ON c.oid = uses.relation AND c.relkind = 'v'
    JOIN pg_rewrite AS r ON r.ev_class = c.oid
    JOIN pg_depend AS d
      ON d.classid = 'pg_rewrite'::regclass
     AND d.objid = r.oid
     AND d.refclassid = 'pg_class'::regclass
    WHERE d.refobjid <> r.ev_class
)
SELECT DISTINCT uses.view::bigint
FROM uses
JOIN pg_attribute AS a ON a.attrelid = uses.relation AND a.attnum = uses.attnum
JOIN pg_type AS t ON t.oid = a.atttypid AND t.typname IN ('geometry', 'geography')
JOIN pg_index AS i ON i.indrelid = uses.relation AND i.indkey[0] = uses.attnum
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = c.relam AND m.amname IN ('gist', 'spgist', 'brin')
WHERE i.indisvalid
  AND i.indpred IS NULL
