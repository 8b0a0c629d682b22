-- How many connections one role may have to this database: the smallest of the
-- limits that are set, and what others hold of the server's.
SELECT
    least(
        current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true)::integer, 0),
        (SELECT nullif(d.datconnlimit, -1) FROM pg_database AS d
         WHERE d.datname = current_database()),
        (SELECT nullif(r.rolconnlimit, -1) FROM pg_roles AS r
         WHERE r.rolname = current_user)
    ),
    (SELECT count(*) FROM pg_stat_activity AS a
     WHERE a.datid IS NOT NULL AND a.application_name IS DISTINCT FROM %(ours)s)::integer
