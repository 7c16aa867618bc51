from django.apps import AppConfig

from apps.common import duties


class AnalysisConfig(AppConfig):
    name = "apps.analysis"

    def ready(self) -> None:
        from apps.analysis import work

        duties.register("analysis.conversations", work.EVERY, work.perform)
