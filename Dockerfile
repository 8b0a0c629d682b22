# Two images: `service` (the default) and `catalogue`, a pycsw to try publishing on.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /source
COPY locks locks
RUN pip install --require-hashes -r locks/uv.txt

FROM build AS build-service
# `remote`: files may lie on S3, SFTP, WebDAV or FTP; `--build-arg LOCK=runtime`: on a disk only.
ARG LOCK=remote
RUN uv venv /opt/passerelle \
    && uv pip install --python /opt/passerelle/bin/python --require-hashes -r "locks/$LOCK.txt"
COPY . .
RUN uv pip install --python /opt/passerelle/bin/python --no-deps --no-build-isolation . \
    && mkdir -p /srv/passerelle/datasets /srv/passerelle/.state \
    && cp -r pygeoapi-config/. /srv/passerelle

FROM build AS build-catalogue
RUN uv venv /opt/pycsw \
    && uv pip install --python /opt/pycsw/bin/python --require-hashes -r locks/pycsw.txt \
    && mkdir -p /srv/pycsw

FROM python:3.11-slim-bookworm AS run
RUN apt-get update \
    && apt-get install -y --no-install-recommends libexpat1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /nonexistent --no-create-home passerelle
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER passerelle

FROM run AS catalogue
COPY --from=build-catalogue /opt/pycsw /opt/pycsw
COPY pygeoapi-config/compose/catalogue.cfg pygeoapi-config/compose/catalogue.sh /etc/pycsw/
COPY --from=build-catalogue --chown=passerelle /srv/pycsw /var/lib/pycsw
ENV PATH=/opt/pycsw/bin:$PATH PYCSW_CONFIG=/etc/pycsw/catalogue.cfg
VOLUME /var/lib/pycsw
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/?service=CSW&version=2.0.2&request=GetCapabilities', timeout=4)"]
CMD ["sh", "/etc/pycsw/catalogue.sh"]

FROM run AS service
COPY --from=build-service /opt/passerelle /opt/passerelle
COPY --from=build-service --chown=passerelle /srv/passerelle /etc/passerelle
ENV PATH=/opt/passerelle/bin:$PATH PASSERELLE_CONFIG=/etc/passerelle/passerelle.yml
VOLUME /etc/passerelle/datasets /etc/passerelle/.state
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
ENTRYPOINT ["passerelle"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--workers", "2"]
