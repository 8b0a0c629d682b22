#!/bin/sh
# Makes the catalogue's tables at its first start, then serves it.
set -eu
if [ ! -e /var/lib/pycsw/records.sqlite ]; then
    pycsw-admin.py -c setup_db -f "$PYCSW_CONFIG"
fi
exec python -m pycsw.wsgi 8000
