from django.apps import AppConfig

from apps.common import duties, queues


class ConversationsConfig(AppConfig):
    name = "apps.conversations"
    verbose_name = "Conversations"

    def ready(self) -> None:
        from apps.business.data_rights import retention
        from apps.conversations import holdings, waiting

        holdings.register()
        queues.register("visitors_for_a_person", waiting.for_a_person)
        duties.register("conversations.retention", retention.EVERY, holdings.forget_old)
