from django.apps import AppConfig

from apps.common import duties


class ChatConfig(AppConfig):
    name = "apps.chat"

    def ready(self) -> None:
        from apps.chat import examiner, forgetting

        duties.register("chat.examinations", examiner.EVERY, examiner.perform)
        duties.register("chat.tests", forgetting.EVERY, forgetting.perform)
