"""Runs `<script> <arguments>` with phone calls whose model speaks PCM16 at 24 kHz: `transcoding.py manage.py serve`.

From the repository's root. As if each agent's version said so: by itself the product passes a phone's mu-law through.
"""

import os
import runpy
import sys

if __name__ == "__main__":
    sys.path[0] = os.getcwd()
    sys.argv = sys.argv[1:]
    import callsphere.asgi  # noqa: F401  # sets Django up
    from apps.voice import sockets
    from apps.voice.core.formats import PCM16, Format

    def converted_always(line: Format, *, converted: bool) -> Format:
        return PCM16

    sockets.spoken_on = converted_always
    runpy.run_path(sys.argv[0], run_name="__main__")
