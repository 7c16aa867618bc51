from django.apps import AppConfig

from apps.common import duties, queues


class AgentsConfig(AppConfig):
    name = "apps.agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        from apps.agents import holdings, model
        from apps.agents.knowledge import intake, vectors

        holdings.register()
        queues.register("documents", intake.waiting)
        duties.register("knowledge.read", intake.EVERY, intake.perform)
        duties.register("knowledge.embed", vectors.EVERY, vectors.perform)
        duties.at_the_end(model.close)
