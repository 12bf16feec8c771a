#!/bin/sh
# monitor: watches the nodes. node NAME: becomes a primary or a standby, as the monitor decides. Settings: docs/operations.md
set -eu
export XDG_CONFIG_HOME="$HOME/.config" XDG_DATA_HOME="$HOME/.local/share"

case $1 in
  monitor)
    if [ ! -d "$PGDATA" ]; then
      pg_autoctl create monitor --pgdata "$PGDATA" --hostname postgres-monitor --auth trust --ssl-self-signed
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
      pg_autoctl create postgres --pgdata "$PGDATA" --name "$2" --hostname "$2" --dbname sello --username sello \
        --monitor 'postgres://autoctl_node@postgres-monitor/pg_auto_failover?sslmode=require' \
        --auth trust --ssl-self-signed --pg-hba-lan
      printf 'wal_sender_timeout = 3s\nshared_buffers = 512MB\nwal_keep_size = 1GB\n' >> "$PGDATA/postgresql.conf"
    fi
    ;;
  *)
    echo "expected: monitor, or node NAME" >&2
    exit 2
    ;;
esac
exec pg_autoctl run --pgdata "$PGDATA"
