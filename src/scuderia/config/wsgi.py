"""The web process's door: the WSGI callable that granian's workers serve."""

import os

from django.core.wsgi import get_wsgi_application

from scuderia.config.leash import hold_leash
from scuderia.config.settle import settle

hold_leash()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scuderia.config.settings")
application = get_wsgi_application()
settle()
