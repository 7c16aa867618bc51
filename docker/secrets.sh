#!/bin/sh
# Makes what is missing in docker/secrets/; OPENAI_API_KEY is taken from the environment. Keep a copy elsewhere: without
# secret_key no session, second factor or webhook secret can be read again.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets # the files in it are readable by all, for each container has a user of its own

keep() { # name, content
    [ -e "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"
    chmod 444 "secrets/$1"
}
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

for name in secret_key metrics_token postgres_password owner_password runtime_password; do
    keep "$name" "$(random)"
done
keep database_owner_url "postgres://callsphere_owner:$(cat secrets/owner_password)@postgres/callsphere"
keep database_url "postgres://callsphere_app:$(cat secrets/runtime_password)@postgres/callsphere"
keep openai_api_key "${OPENAI_API_KEY:-}"
