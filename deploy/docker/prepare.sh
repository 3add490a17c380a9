#!/bin/sh
# Runs once before the services do: makes the secrets that nobody has to know, and says what to do where nothing is configured.
set -eu
umask 022

# A volume that gateway, web, PostgreSQL and Grafana read.
secrets=${SECRETS:-/run/fanfare}
# The files that .env names, each empty if it names none.
given=${GIVEN:-/run/secrets}
# For how many seconds a simulator that starts beside is waited for.
patience=${PATIENCE:-20}

put() { # NAME: what is read becomes the file of that name, all of it or nothing
  cat > "$secrets/.$1"
  chmod 444 "$secrets/.$1"
  mv -f "$secrets/.$1" "$secrets/$1"
}

random() {
  head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

made() { # NAME: a secret that is made once and kept
  [ -s "$secrets/$1" ] || random | put "$1"
}

for name in session_secret link_token; do
  if [ -e "$given/$name" ] && ! [ -r "$given/$name" ]; then
    echo "The file of $name can't be read here: it has to be readable for others (chmod 644), its folder need not be." >&2
    exit 1
  elif [ -s "$given/$name" ]; then
    put "$name" < "$given/$name"
  else
    made "$name"
  fi
done
made simulated
made grafana_password
made postgres_password
printf 'postgres://fanfare:%s@postgres/fanfare' "$(cat "$secrets/postgres_password")" | put database_url

if [ "${DISCORD:-simulator}" = simulator ]; then
  until getent hosts simulator > /dev/null; do
    patience=$((patience - 1))
    if [ "$patience" -le 0 ]; then
      cat >&2 <<'TEXT'
Nothing to connect to: DISCORD is not set to `real`, and no simulator runs here.
  With your own Discord server:  cp .env.example .env, fill in what it asks for, and start again.
  Without one:                   docker compose --profile simulator up
TEXT
      exit 1
    fi
    sleep 1
  done
fi
echo "prepared"
