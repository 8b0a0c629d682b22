-- What the triggers counted of each table.
SELECT n.nspname || '.' || c.relname, sum(l.weight) || ':' || sum(l.mark)
FROM passerelle.change AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
GROUP BY n.nspname, c.relname
