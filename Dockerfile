FROM python:3.11-slim AS build
COPY requirements/run.txt /requirements.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home jonction
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production STATIC_ROOT=/srv/static JONCTION_VAR=/srv/var \
    NUMBA_CACHE_DIR=/srv/compiled
COPY --from=build /venv /venv
WORKDIR /srv/jonction
COPY . .
# Production settings refuse to load without these; none of the values is kept.
RUN mkdir -p /srv/static /srv/var /srv/compiled \
    && DATABASE_URL=postgres://x/x REDIS_URL=redis://x EMAIL_URL=smtp://x SECRET_KEY=build OBJECTION_KEY=build \
       SITE_URL=https://build.invalid sh -c 'python manage.py collectstatic --noinput && python manage.py compile_engine' \
    && chown -R jonction:jonction /srv/var /srv/compiled
USER jonction
EXPOSE 8000
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
