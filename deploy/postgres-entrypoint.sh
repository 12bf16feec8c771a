#!/bin/sh
# monitor: watches the nodes. node NAME: becomes a primary or a standby, as the monitor decides. Settings: docs/operations.md
set -eu
export XDG_CONFIG_HOME="$HOME/.config" XDG_DATA_HOME="$HOME/.local/share"

major=$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
if [ -e "$PGDATA/PG_VERSION" ] && [ "$(cat "$PGDATA/PG_VERSION")" != "$major" ]; then
  echo "This volume holds a database of PostgreSQL $(cat "$PGDATA/PG_VERSION"), and the image has PostgreSQL $major:" \
    "take an image of that version, or restore a backup into a new volume. Nothing was changed." >&2
  exit 1
fi

# What a killed container left behind: no process of it is here any more, and another may have its number.
rm -rf /tmp/pg_autoctl "$PGDATA/postmaster.pid"

# The nodes and the monitor believe each other by address; Sello's servers need the password.
access() {
  printf '%s\n' 'hostssl sello sello samenet scram-sha-256' 'hostssl replication all samenet trust' \
    'hostssl all all samenet trust' | cat - "$PGDATA/pg_hba.conf" > "$PGDATA/pg_hba.new"
  mv "$PGDATA/pg_hba.new" "$PGDATA/pg_hba.conf"
}

# A copy begins with a checkpoint of the other node, which PostgreSQL spreads over minutes unless it is asked for one at once.
hurry_checkpoints() {
  while sleep 1; do
    for other in $(psql --no-psqlrc --quiet --tuples-only --no-align --dbname "$1" \
      --command "SELECT nodehost FROM pgautofailover.node WHERE nodename <> '$2'" 2>/dev/null); do
      psql --no-psqlrc --quiet --dbname "postgres://postgres@$other/postgres?sslmode=require&connect_timeout=2" \
        --command CHECKPOINT >/dev/null 2>&1 || true
    done
  done
}

case $1 in
  monitor)
    if [ ! -d "$PGDATA" ]; then
      pg_autoctl create monitor --pgdata "$PGDATA" --hostname postgres-monitor --auth trust --ssl-self-signed
      access
      # Notices a dead node in about a second.
      cat >> "$PGDATA/postgresql.conf" <<'SETTINGS'
pgautofailover.health_check_period = 300
pgautofailover.health_check_timeout = 300
pgautofailover.health_check_max_retries = 2
pgautofailover.health_check_retry_delay = 150
pgautofailover.node_considered_unhealthy_timeout = 1000
pgautofailover.primary_demote_timeout = 300
pgautofailover.startup_grace_period = 1000
SETTINGS
    fi
    ;;
  node)
    if [ ! -d "$PGDATA" ]; then
      monitor='postgres://autoctl_node@postgres-monitor/pg_auto_failover?sslmode=require'
      # After a lost volume the monitor still knows the name: the new node is then a copy of the other.
      pg_autoctl drop node --monitor "$monitor" --name "$2" --force --wait 0 >/dev/null 2>&1 || true
      hurry_checkpoints "$monitor" "$2" &
      hurrying=$!
      pg_autoctl create postgres --pgdata "$PGDATA" --name "$2" --hostname "$2" --dbname sello --username sello \
        --monitor "$monitor" --auth trust --ssl-self-signed
      kill "$hurrying"
      printf 'wal_sender_timeout = 3s\nshared_buffers = 512MB\nwal_keep_size = 1GB\n' >> "$PGDATA/postgresql.conf"
      access
      # A standby takes the password from the primary.
      if [ ! -e "$PGDATA/standby.signal" ]; then
        pg_ctl --pgdata "$PGDATA" --wait --silent --options "-c listen_addresses=''" start
        psql --quiet --no-psqlrc --dbname sello --command "ALTER ROLE sello PASSWORD '$(cat /run/secrets/database-password)'"
        pg_ctl --pgdata "$PGDATA" --wait --silent stop
      fi
    fi
    ;;
  *)
    echo "expected: monitor, or node NAME" >&2
    exit 2
    ;;
esac
exec pg_autoctl run --pgdata "$PGDATA"
