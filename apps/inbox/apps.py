from django.apps import AppConfig

from apps.common import duties


class InboxConfig(AppConfig):
    name = "apps.inbox"

    def ready(self) -> None:
        from apps.agents.tools import people as tool
        from apps.desk import people
        from apps.inbox import holdings, leases, mail, seats

        holdings.register()
        tool.serve(people.bring)
        people.watch(seats.is_looked_at)
        duties.register("inbox.leases", leases.EVERY, leases.expire)
        duties.register("inbox.mail", mail.EVERY, mail.tell)
