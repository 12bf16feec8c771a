# PostgreSQL 15 with pg_auto_failover, from Debian's own packages. The monitor and both nodes use this one image.
#   docker build -f deploy/postgres.Dockerfile -t sello-postgres:latest deploy
ARG DEBIAN=debian:12.11-slim
FROM ${DEBIAN}
ENV DEBIAN_FRONTEND=noninteractive
RUN groupadd --system --gid 10002 postgres \
 && useradd --system --uid 10002 --gid 10002 --home-dir /var/lib/postgresql --shell /bin/sh postgres \
 && apt-get update \
 && apt-get install -y --no-install-recommends openssl postgresql-common \
 && sed -i 's/^#create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
 && apt-get install -y --no-install-recommends postgresql-15 postgresql-15-auto-failover pg-auto-failover-cli \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql /run/postgresql
COPY postgres-entrypoint.sh /usr/local/bin/postgres-entrypoint
# The databases take their encoding from the locale.
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
USER 10002:10002
WORKDIR /var/lib/postgresql
VOLUME ["/var/lib/postgresql"]
EXPOSE 5432
ENTRYPOINT ["sh", "/usr/local/bin/postgres-entrypoint"]
CMD ["monitor"]
