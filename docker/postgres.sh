#!/bin/sh
# Run once by the image of PostgreSQL: the two logins of docs/operators.md, and the database.
set -eu
secrets=${SECRETS:-/run/secrets}
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username postgres --dbname postgres \
    -v owner="$(cat "$secrets/owner_password")" -v runtime="$(cat "$secrets/runtime_password")" <<'SQL'
CREATE ROLE callsphere_owner LOGIN PASSWORD :'owner' NOSUPERUSER NOBYPASSRLS NOCREATEDB;
CREATE ROLE callsphere_app LOGIN PASSWORD :'runtime' NOSUPERUSER NOBYPASSRLS NOCREATEDB;
CREATE DATABASE callsphere OWNER callsphere_owner;
SQL
