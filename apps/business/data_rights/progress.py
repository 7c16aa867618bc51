"""How far a request is, told while it is done; and the claim that one worker has on it."""

import datetime as dt
from typing import Any

from django.utils import timezone

from apps.business.data_rights.models import DataRequest
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope

LEASE = dt.timedelta(seconds=60)
"""After which a claim that was not renewed is thought to be a dead worker's."""


class LostClaim(Exception):
    """Somebody else does it now."""


class Progress:
    """Of one claimed request. Each method enters the tenant's scope itself: nothing long holds a transaction."""

    def __init__(self, request: DataRequest, tenant: Tenant) -> None:
        self.request = request
        self.tenant = tenant

    def begin(self, steps: int) -> None:
        self._write(steps=steps, done=0)

    def step(self, name: str) -> None:
        """Says what is done now; shows that this worker lives."""
        self._write(step=name[:80])

    def note(self, **fields: Any) -> None:
        """Writes down what whoever goes on must know."""
        self._write(**fields)

    def did(self) -> None:
        self.request.done += 1
        self._write(done=self.request.done)

    def beat(self) -> None:
        """Shows that this worker lives.

        Raises:
            LostClaim: it was thought dead.
        """
        self._write()

    def wait(self, seconds: float, **fields: Any) -> None:
        """Gives the claim back until later."""
        due_at = timezone.now() + dt.timedelta(seconds=seconds)
        self._write(status=DataRequest.Status.WAITING, due_at=due_at, claim="", attempts=0, **fields)

    def finish(self, **fields: Any) -> None:
        self._write(status=DataRequest.Status.DONE, finished_at=timezone.now(), step="", claim="", **fields)

    def _write(self, **fields: Any) -> None:
        with tenant_scope(self.tenant.pk):
            own = DataRequest.objects.filter(pk=self.request.pk, claim=self.request.claim)
            if not own.update(claimed_at=timezone.now(), **fields):
                raise LostClaim(self.request.pk)
