"""What the web process serves: the WSGI callable for granian's workers."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from scuderia.config.processes.gc_tuning import tune_gc
from scuderia.config.processes.parent_watch import watch_parent

watch_parent()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scuderia.config.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # every page and route, before anybody waits for the first one
tune_gc()
