#!/usr/bin/env bash
# Stand-ins for the images of docker-compose.yml, for a machine that reaches Debian's packages but no registry of images.
#
#   benchmarks/stand_in_images.sh            as root, with debootstrap and a running Docker engine
#
# They carry the names that the compose file and the Dockerfile use, and only look like the real ones from outside:
# Debian's Python under the name python:3.13-slim, Debian's PostgreSQL 17 as postgres:18, its Redis as redis:8, and our
# own test mailbox as mailhog/mailhog. Never push them anywhere.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,redis-server,postgresql-17 \
  trixie "$work/root" >/dev/null
# The machine's own trust and pip settings, so that packages can be had from inside.
cat /etc/ssl/certs/ca-certificates.crt > "$work/root/etc/ssl/certs/ca-certificates.crt"
tar -C "$work/root" --exclude='./var/cache/apt/archives/*.deb' --exclude='./var/lib/apt/lists/*' -c . \
  | docker import - stand-in-base >/dev/null

stand_in() { # NAME, Dockerfile on standard input
  docker build --quiet --network host --tag "$1" --file - "$work/context" >/dev/null
  echo "$1"
}
mkdir "$work/context"

cat > "$work/context/postgres" <<'ENTRY'
#!/bin/sh
set -e
data=/var/lib/postgresql/data
as() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
if [ ! -s $data/PG_VERSION ]; then
  install -d -o postgres -g postgres -m 700 $data
  echo "$POSTGRES_PASSWORD" > /tmp/password && chown postgres /tmp/password
  as initdb --pgdata=$data --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 \
    $POSTGRES_INITDB_ARGS >/dev/null
  echo "host all all all scram-sha-256" >> $data/pg_hba.conf
  as pg_ctl -D $data -o "-c listen_addresses=127.0.0.1" -w start >/dev/null
  PGPASSWORD=$POSTGRES_PASSWORD createdb --host=127.0.0.1 --username="$POSTGRES_USER" "$POSTGRES_DB"
  as pg_ctl -D $data -w stop >/dev/null
  rm /tmp/password
fi
program=$1; shift
exec setpriv --reuid postgres --regid postgres --init-groups "$program" -D $data -c 'listen_addresses=*' "$@"
ENTRY
chmod +x "$work/context/postgres"

stand_in python:3.13-slim <<'FILE'
FROM stand-in-base
RUN ln -s python3 /usr/bin/python && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED
# Debian's own packages cannot be replaced by pip, only put behind.
ENV PIP_ROOT_USER_ACTION=ignore PIP_IGNORE_INSTALLED=1
FILE
stand_in postgres:18 <<'FILE'
FROM stand-in-base
COPY postgres /usr/local/bin/postgres-entry
ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin
RUN mkdir -p /run/postgresql && chown postgres /run/postgresql
ENTRYPOINT ["postgres-entry"]
CMD ["postgres"]
FILE
stand_in redis:8 <<'FILE'
FROM stand-in-base
USER redis
# As in the real image: whoever reaches this network may ask.
ENTRYPOINT ["/bin/sh", "-c", "exec \"$@\" --protected-mode no", "--"]
CMD ["redis-server"]
FILE
docker build --quiet --network host --tag library-notices "$here" >/dev/null
echo library-notices
stand_in mailhog/mailhog <<'FILE'
FROM library-notices
USER root
RUN sed -i 's/127\.0\.0\.1/0.0.0.0/' library/test_mailbox.py
USER library
HEALTHCHECK NONE
CMD ["python", "-m", "library.test_mailbox"]
FILE
