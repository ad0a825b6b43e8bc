# One image for web, worker and scheduler; docker-compose.yml says which runs.
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 MALLOC_ARENA_MAX=2 OMP_NUM_THREADS=1
WORKDIR /srv/trellis

COPY requirements.lock ./
RUN pip install --require-hashes --only-binary :all: --disable-pip-version-check -r requirements.lock

COPY inbox ./inbox
COPY classifiers ./classifiers
COPY workers ./workers
COPY templates ./templates
RUN printf '#!/bin/sh\nexec python -m inbox.cli "$@"\n' > /usr/local/bin/trellis \
 && chmod +x /usr/local/bin/trellis \
 && useradd --system --uid 10001 --home-dir /srv/trellis trellis \
 && install -d -o trellis -g trellis -m 0700 /var/lib/trellis

USER trellis
ENV PYTHONPATH=/srv/trellis TRELLIS_DATA=/var/lib/trellis TRELLIS_HOST=0.0.0.0 TRELLIS_PORT=8080
VOLUME /var/lib/trellis
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["trellis"]
CMD ["web"]
