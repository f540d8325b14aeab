"""The web application, as a WSGI server (gunicorn) wants it."""

import os

from django.core.wsgi import get_wsgi_application

from library.unreadable import with_readable_head

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "library.settings")

application = with_readable_head(get_wsgi_application())
