from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "apps.operations"

    def ready(self) -> None:
        from apps.common import duties, queues

        duties.register("operations.queues", 15.0, queues.measure)
