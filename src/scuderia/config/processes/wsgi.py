"""What the web process serves: the WSGI callable for granian's workers."""

import os

from django.core.wsgi import get_wsgi_application

from scuderia.config.processes.gc_tuning import tune_gc
from scuderia.config.processes.parent_watch import watch_parent

watch_parent()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scuderia.config.settings")
application = get_wsgi_application()
tune_gc()
