"""Devices and what is on file about the company: one's own only."""

import datetime as dt

from apps.business.models import Closure
from apps.verticals.it_helpdesk.models import Device, Outage, Ticket
from apps.verticals.it_helpdesk.tools import (
    get_device_info,
    get_my_devices,
    get_organization_info,
    get_service_status,
    get_support_hours,
    report_lost_device,
)
from tests.verticals.it_helpdesk.conftest import Helpdesk, Visit


def test_ones_own_and_shared_devices(bluewire: Helpdesk, dana: Visit) -> None:
    Device.objects.create(
        organization=bluewire.northgate, employee=bluewire.laura, asset_tag="NB-3", kind="laptop", model_name="X"
    )
    Device.objects.create(organization=bluewire.northgate, asset_tag="SV-1", kind="server", model_name="X")
    Device.objects.create(
        organization=bluewire.northgate, asset_tag="OLD-1", kind="printer", model_name="X", status="retired"
    )
    result = dana.call(get_my_devices, employee_id=bluewire.dana.pk)
    assert result.say == (
        "I see 2 devices: the laptop NB-1 (ThinkPad T14) and the printer PR-1 (LaserJet, in the hall)."
    )
    laura = Visit(bluewire).identified_as(bluewire.laura)
    tags = [one["asset_tag"] for one in laura.call(get_my_devices, employee_id=bluewire.laura.pk).data["devices"]]
    assert tags == ["NB-1", "NB-3", "PR-1", "SV-1"]
    Device.objects.all().delete()
    assert dana.call(get_my_devices, employee_id=bluewire.dana.pk).data == {"devices": []}


def test_one_device_by_its_tag(bluewire: Helpdesk, dana: Visit) -> None:
    for until, said in (
        (None, "That is the laptop NB-1 (ThinkPad T14)."),
        (dt.date(2026, 12, 1), "which is under warranty until Tuesday, December 1."),
        (dt.date(2026, 11, 1), "which has been out of warranty since Sunday, November 1."),
    ):
        Device.objects.filter(pk=bluewire.laptop.pk).update(warranty_until_date=until)
        assert dana.call(get_device_info, employee_id=bluewire.dana.pk, asset_tag=" nb-1 ").say.endswith(said)
    Device.objects.filter(pk=bluewire.laptop.pk).update(status="repair")
    result = dana.call(get_device_info, employee_id=bluewire.dana.pk, asset_tag="NB-1")
    assert result.say.endswith("It is marked as in repair.")


def test_another_companys_device_does_not_exist(bluewire: Helpdesk, harbor: Helpdesk, dana: Visit) -> None:
    for tag in ("NB-2", "NB-404"):
        refusal = dana.refused(get_device_info, employee_id=bluewire.dana.pk, asset_tag=tag)
        assert (refusal.code, refusal.field) == ("device_not_found", "asset_tag")
    for device in (bluewire.foreign_laptop.pk, harbor.laptop.pk, "dev_invented"):
        assert dana.refused(report_lost_device, device_id=device).code == "device_not_found"
    assert not Device.objects.filter(status="lost").exists()


def test_a_lost_device_is_locked_once(bluewire: Helpdesk, dana: Visit, stranger: Visit) -> None:
    assert stranger.refused(report_lost_device, device_id=bluewire.laptop.pk).code == "not_verified"
    result = dana.call(report_lost_device, device_id=bluewire.laptop.pk, reason="on the train")
    assert result.say.startswith("I have marked NB-1 as lost, and our security team will lock it.")
    again = dana.call(report_lost_device, device_id=bluewire.laptop.pk)
    assert again.say.startswith("It is reported as lost already, with ticket INC-1001.")
    ticket = Ticket.objects.get()
    assert (ticket.device, ticket.category, ticket.status) == (bluewire.laptop, "security", "escalated")
    assert "on the train" in ticket.problem


def test_what_is_on_file_about_the_company(bluewire: Helpdesk, dana: Visit) -> None:
    bluewire.ticket(bluewire.dana)
    bluewire.ticket(bluewire.tom)
    result = dana.call(get_organization_info, employee_id=bluewire.dana.pk)
    assert result.say == (
        "Northgate Dental has support during our support hours, with 2 devices and one open ticket. Your IT contact is "
        "Laura Stein."
    )
    assert "4719" not in str(result)


def test_outages_of_ones_own_company_and_of_all(bluewire: Helpdesk, dana: Visit) -> None:
    arguments = {"employee_id": bluewire.dana.pk}
    assert dana.call(get_service_status, **arguments).say == "There is no known outage at the moment."
    earlier = bluewire.now - dt.timedelta(hours=1)
    Outage.objects.create(
        title="Mail is slow", category="email", started_at=earlier, expected_end_at=bluewire.now.replace(hour=15)
    )
    Outage.objects.create(title="Wi-Fi is down", category="network", organization=bluewire.meridian, started_at=earlier)
    Outage.objects.create(title="Over", category="email", started_at=earlier, ended_at=bluewire.now)
    result = dana.call(get_service_status, **arguments)
    assert result.say == (
        "Yes, we know of one outage: “Mail is slow” since today at 9 AM, expected to end today at 3 PM. "
        "You need not report it."
    )
    assert dana.call(get_service_status, category="network", **arguments).data == {"outages": []}


def test_support_hours(bluewire: Helpdesk, stranger: Visit) -> None:
    Closure.objects.create(start_date=dt.date(2026, 11, 26), end_date=dt.date(2026, 11, 26), reason="Thanksgiving")
    result = stranger.call(get_support_hours)
    assert result.say == (
        "Our support hours are Monday to Friday from 9 AM to 5 PM. We are closed on Thursday, November 26 for "
        "Thanksgiving. We are open right now."
    )
    stranger.at(bluewire.now.replace(hour=22))
    assert stranger.call(get_support_hours).say.endswith("We are closed right now.")
