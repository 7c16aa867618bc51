from django.apps import AppConfig

from apps.common import duties


class VoiceConfig(AppConfig):
    name = "apps.voice"
    verbose_name = "Calls"

    def ready(self) -> None:
        from apps.voice import files, holdings

        holdings.register()
        duties.register("voice.files", 3_600.0, files.forget_all)
