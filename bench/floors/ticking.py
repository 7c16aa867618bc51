"""Runs `manage.py <arguments>` with a keeper that reads more often than it does: `ticking.py <seconds> serve …`."""

import os
import runpy
import sys

if __name__ == "__main__":
    sys.path[0] = os.getcwd()
    tick, sys.argv = float(sys.argv[1]), ["manage.py", *sys.argv[2:]]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
    import django

    django.setup()
    from apps.dashboard import keeper

    keeper.TICK = tick
    runpy.run_path("manage.py", run_name="__main__")
