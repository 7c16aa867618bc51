from django.apps import AppConfig

from apps.common import duties


class ConversationsConfig(AppConfig):
    name = "apps.conversations"
    verbose_name = "Conversations"

    def ready(self) -> None:
        from apps.business.data_rights import retention
        from apps.conversations import holdings

        holdings.register()
        duties.register("conversations.retention", retention.EVERY, holdings.forget_old)
