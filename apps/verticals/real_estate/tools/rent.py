"""What an identified renter owes, and what they say they have paid."""

import datetime as dt
from typing import Annotated, Literal

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import spoken_date, spoken_money
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.real_estate.core.wording import spoken_count
from apps.verticals.real_estate.models import RentPayment
from apps.verticals.real_estate.renters import statement
from apps.verticals.real_estate.tools.arguments import Dollars, Topic, actor, cents, own_lease, today
from apps.verticals.real_estate.tools.renters import RenterId

Method = Literal["bank_transfer", "direct_debit", "card", "cash", "check"]
MOST = 50_000_00
"""Cents of one payment; more is a slip of the tongue."""
OLDEST = dt.timedelta(days=90)
MOST_PENDING = 5


@tool(label="Looking at your rent account")
def get_rent_balance(ctx: ToolContext, *, renter_id: RenterId) -> ToolResult:
    """Tells the identified renter their rent balance: how much they owe or are ahead, and when rent is due next.

    Use it for questions about rent owed, arrears, the account or the next due date. Returns balance, overdue_days,
    next_due_date, rent, pending_payments.
    """
    lease = own_lease(ctx, renter_id)
    day = today(ctx)
    state = statement(lease, today=day)
    account = state.account
    if account.balance > 0:
        late = (
            f", and the oldest part is {spoken_count(account.overdue_days, 'day')} late" if account.overdue_days else ""
        )
        said = f"You owe {spoken_money(account.balance)}{late}."
    elif account.balance:
        said = f"You are {spoken_money(-account.balance)} ahead."
    else:
        said = "Your rent is paid up to date."
    if state.pending:
        said += f" A payment of {spoken_money(state.pending)} that you reported is still being checked."
    if account.next_due:
        due = spoken_date(account.next_due, today=day)
        said += f" The next rent of {spoken_money(lease.rent_cents)} is due on {due}."
    return ToolResult(
        said,
        {
            "balance": spoken_money(account.balance),
            "overdue_days": account.overdue_days,
            "next_due_date": account.next_due.isoformat() if account.next_due else None,
            "rent": f"{spoken_money(lease.rent_cents)} {lease.frequency}",
            "other_charges": spoken_money(state.charged),
            "pending_payments": spoken_money(state.pending),
        },
    )


@tool(label="Taking down your payment", writes=True)
def record_payment(
    ctx: ToolContext,
    *,
    renter_id: RenterId,
    amount: Annotated[Dollars, "amount paid in dollars"],
    paid_date: Annotated[dt.date | None, "the day it was paid; today unless another was said"] = None,
    method: Annotated[
        Method,
        "how it was paid: bank_transfer (transfer, bank), direct_debit, card (credit card), cash, check (cheque)",
    ] = "bank_transfer",
    reference: Annotated[Topic | None, "reference on the payment, if they gave one"] = None,
) -> ToolResult:
    """Records a payment that the identified renter says they have made or paid, for the office to check.

    Use it when a renter says that they paid or sent the rent. It takes no money itself, and the balance changes when
    the office has received it. Confirm before calling. Returns payment_id, amount, status.
    """
    lease = own_lease(ctx, renter_id)
    sum_cents, day = cents(amount), paid_date or today(ctx)
    if not 0 < sum_cents <= MOST:
        raise ToolRefused("amount_not_plausible", "That amount cannot be right; how much was it?", field="amount")
    if day > today(ctx):
        raise ToolRefused("not_paid_yet", "I can take that down once it is paid, not before.", field="paid_date")
    if day < today(ctx) - OLDEST:
        raise ToolRefused(
            "too_long_ago", "For a payment that long ago please call our accounts team.", field="paid_date"
        )
    # One after the other, so that the same payment told of twice at once is one.
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    pending = RentPayment.objects.filter(lease=lease, status=RentPayment.Status.PENDING)
    payment = pending.filter(amount_cents=sum_cents, paid_date=day).first()
    if payment is None:
        if pending.count() >= MOST_PENDING:
            raise ToolRefused(
                "too_many_pending", "Several of your payments are still being checked. Please call our accounts team."
            )
        payment = RentPayment(
            lease=lease,
            amount_cents=sum_cents,
            paid_date=day,
            method=method,
            reference=reference or "",
            conversation_id=ctx.conversation_id,
            created_at=ctx.now,
        )
        payment.save()
        audit.record(actor=actor(ctx), action="payment.reported", target=payment.pk)
    return ToolResult(
        f"I have taken down your payment of {spoken_money(sum_cents)}; the office will check it and then your balance "
        "changes.",
        {"payment_id": payment.pk, "amount": spoken_money(sum_cents), "status": payment.status},
    )
