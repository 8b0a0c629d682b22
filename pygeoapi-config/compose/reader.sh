#!/bin/sh
# Run by the database's first start: the account that only reads.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$SIG_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE passerelle_reader LOGIN PASSWORD :'password';
GRANT USAGE ON SCHEMA public TO passerelle_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO passerelle_reader;
SQL
