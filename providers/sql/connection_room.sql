-- How many connections one role may have to this database: of the limits of the
-- server, the database and the role, the one that leaves the fewest, and what others
-- hold of that one. Processes of PostgreSQL's own take none of them; what a role may
-- not see of others, their kind, is taken to be a client.
WITH others AS (
    SELECT
        count(*)::integer AS of_server,
        (count(*) FILTER (WHERE a.datname = current_database()))::integer
            AS of_database,
        (count(*) FILTER (WHERE a.usename = current_user))::integer AS of_role
    FROM pg_stat_activity AS a
    WHERE
        a.datid IS NOT NULL
        AND coalesce(a.backend_type, 'client backend') = 'client backend'
        AND a.application_name IS DISTINCT FROM %(ours)s
)
SELECT held.most, held.others
FROM
    others AS o,
    LATERAL (
        VALUES
        (
            current_setting('max_connections')::integer
            - current_setting('superuser_reserved_connections')::integer
            - coalesce(current_setting('reserved_connections', true)::integer, 0),
            o.of_server
        ),
        (
            (SELECT nullif(d.datconnlimit, -1) FROM pg_database AS d
             WHERE d.datname = current_database()),
            o.of_database
        ),
        (
            (SELECT nullif(r.rolconnlimit, -1) FROM pg_roles AS r
             WHERE r.rolname = current_user),
            o.of_role
        )
    ) AS held (most, others)
WHERE held.most IS NOT NULL
ORDER BY held.most - held.others
LIMIT 1
