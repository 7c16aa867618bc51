"""Runs `<script> <arguments>` with phone calls whose model speaks PCM16 at 24 kHz: `transcoding.py manage.py serve`.

From the repository's root. The product passes a phone's mu-law through, so that this is the only way to its resampler.
"""

import os
import runpy
import sys

if __name__ == "__main__":
    sys.path[0] = os.getcwd()
    sys.argv = sys.argv[1:]
    import callsphere.asgi  # noqa: F401  # sets Django up
    from apps.voice import sockets
    from apps.voice.core.formats import PCM16

    sockets.PCMU = PCM16
    runpy.run_path(sys.argv[0], run_name="__main__")
