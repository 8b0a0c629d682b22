-- What the role that asks may do with a table, and with the numbers of its keys;
-- a table that is not there may nothing be done with, and nothing is said of it.
SELECT
    has_table_privilege(t.oid, 'SELECT'),
    has_table_privilege(t.oid, 'INSERT'),
    has_table_privilege(t.oid, 'UPDATE'),
    has_table_privilege(t.oid, 'DELETE'),
    ARRAY(
        SELECT s.oid::regclass::text
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.refobjid = t.oid AND d.deptype = 'a'
          AND NOT has_sequence_privilege(s.oid, 'USAGE')
        ORDER BY 1),
    t.oid::regclass::text,
    quote_ident(current_user)
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname = %(schema)s AND t.relname = %(table)s
  AND t.relkind IN ('r', 'p')
