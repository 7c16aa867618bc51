"""The owner's pages: upload, what came of it, replace, try a question; and nothing of it for anybody else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.agents.knowledge.models import KnowledgePiece, KnowledgeSource
from apps.tenants.models import AuditEntry, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.agents.knowledge.conftest import HOUSE, Add, fresh, texts, work
from tests.agents.knowledge.forms import pdf_of
from tests.conftest import make_member

pytestmark = pytest.mark.django_db
LIST = "admin:agents_knowledgesource_changelist"
NEW = "admin:agents_knowledgesource_add"
PAGE = "admin:agents_knowledgesource_change"
TRY = "admin:agents_knowledgesource_try"
Login = Callable[[User], Client]


@pytest.fixture
def login() -> Login:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def owner(alice: User, login: Login) -> Client:
    return login(alice)


def upload(
    client: Client, address: str, data: bytes = HOUSE.encode(), name: str = "House rules.md", **more: Any
) -> Any:
    file = SimpleUploadedFile(name, data)
    return client.post(address, {"title": "", "pasted": "", "upload": file, **more}, follow=True)


def sources_of(tenant: Tenant) -> list[KnowledgeSource]:
    with tenant_scope(tenant.pk):
        return list(KnowledgeSource.objects.all())


def shown(client: Client, source: KnowledgeSource) -> str:
    return client.get(reverse(PAGE, args=[source.pk])).content.decode()


def test_a_file_is_uploaded_read_and_shown(owner: Client, clinic: Tenant) -> None:
    assert upload(owner, reverse(NEW)).status_code == 200
    [source] = sources_of(clinic)
    assert (source.title, source.file_name, source.status) == ("House rules", "House rules.md", "waiting")
    assert "It is read within seconds" in shown(owner, source)
    work()
    page = shown(owner, source)
    assert "Ready" in page
    assert "The gate code changes every Monday." in page
    assert "House rules › Parking" in page
    listed = owner.get(reverse(LIST)).content.decode()
    assert "House rules" in listed
    assert "gave agents nothing" not in listed
    with tenant_scope(clinic.pk):
        assert AuditEntry.objects.filter(action="knowledge.added", target=source.pk).count() == 1


def test_a_page_is_pasted(owner: Client, clinic: Tenant) -> None:
    page = "<html><body><nav>Home</nav><main><h1>Fees</h1><p>Entry is five dollars.</p></main></body></html>"
    owner.post(reverse(NEW), {"title": "Fees", "pasted": page})
    [source] = sources_of(clinic)
    assert source.kind == "html"
    work()
    assert texts(source) == ["Fees\nEntry is five dollars."]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choose a file, or paste a text below."),
        ({"upload": b"x", "pasted": "y"}, "not both"),
        ({"upload": b"\x89PNG\r\n\x1a\n\0\0"}, "This is no text."),
        ({"upload": b"a" * (10 * 1024 * 1024 + 1)}, "larger than 10 MB"),
        ({"upload": b"x", "title": "House rules"}, "already exists"),
    ],
)
def test_what_cannot_be_taken_is_said_on_the_form(
    owner: Client, clinic: Tenant, add: Add, given: dict[str, Any], said: str
) -> None:
    add(clinic, "House rules")
    if "upload" in given:
        given = {**given, "upload": SimpleUploadedFile("file.bin", given["upload"])}
    answer = owner.post(reverse(NEW), {"title": "", "pasted": "", **given})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert len(sources_of(clinic)) == 1


def test_what_gave_nothing_warns_on_both_pages(owner: Client, clinic: Tenant, add: Add) -> None:
    source = add(clinic, "Scan", pdf_of([b"q Q"]))
    assert "Agents cannot answer from it." in shown(owner, source)
    assert "only pictures" in shown(owner, source)
    assert "gave agents nothing" in owner.get(reverse(LIST)).content.decode()
    partly = add(clinic, "Half", pdf_of([b"BT /F1 10 Tf 1 0 0 1 50 700 Tm (Hello there.) Tj ET", b"q Q"]))
    assert "Page 2 has no text" in shown(owner, partly)


def test_a_file_is_replaced_and_the_rest_kept(owner: Client, clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules")
    address = reverse(PAGE, args=[source.pk])
    upload(owner, address, b"Everything is new.", "new.txt", title="House rules", is_active="on")
    assert (fresh(source).status, fresh(source).file_name) == ("waiting", "new.txt")
    work()
    assert texts(source) == ["Everything is new."]
    owner.post(address, {"title": "Rules", "pasted": ""})  # not in use any more
    assert (fresh(source).title, fresh(source).is_active, fresh(source).status) == ("Rules", False, "ready")
    assert texts(source) == ["Everything is new."]
    refused = upload(owner, address, b"\x89PNG\r\n\x1a\n\0\0", "x.png", title="Rules")
    assert "This is no text." in refused.content.decode()
    assert fresh(source).file_name == "new.txt"


def test_saving_the_form_keeps_what_the_worker_just_wrote(owner: Client, clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules", read=False)
    work()
    owner.post(reverse(PAGE, args=[source.pk]), {"title": "Rules", "pasted": "", "is_active": "on"})
    assert (fresh(source).status, fresh(source).piece_count) == ("ready", 2)


def test_read_again_and_download(owner: Client, clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules", name='we"ird\nnäme.html')
    address = reverse("admin:agents_knowledgesource_again", args=[source.pk])
    assert owner.get(address).status_code == 405
    assert owner.post(address).status_code == 302
    assert fresh(source).status == "waiting"
    answer = owner.get(reverse("admin:agents_knowledgesource_file", args=[source.pk]))
    assert answer.content == HOUSE.encode()
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="we_ird n_me.html"'


def test_deleting_takes_the_pieces_along(owner: Client, clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules")
    address = reverse("admin:agents_knowledgesource_delete", args=[source.pk])
    question = owner.get(address).content.decode()
    assert "House rules" in question
    assert "gate code" not in question
    assert owner.post(address, {"post": "yes"}).status_code == 302
    assert sources_of(clinic) == []
    with tenant_scope(clinic.pk):
        assert not KnowledgePiece.objects.exists()


def test_a_question_is_tried(owner: Client, clinic: Tenant, add: Add) -> None:
    add(clinic, "House rules")
    sure = owner.get(reverse(TRY), {"question": "Where can I park?"}).content.decode()
    assert "Agents answer from this" in sure
    assert "The gate code changes every Monday." in sure
    assert "100 % of the question" in sure
    unsure = owner.get(reverse(TRY), {"question": "Do you sell <b>submarines</b>\0?"}).content.decode()
    assert "Agents say that they are not sure" in unsure
    assert "No document has a word of it." in unsure
    assert "&lt;b&gt;submarines" in unsure
    assert "Agents answer" not in owner.get(reverse(TRY)).content.decode()


def test_a_document_is_shown_as_text_and_never_as_a_page(owner: Client, clinic: Tenant, add: Add) -> None:
    source = add(clinic, "<b>Bold</b>", "# <i>Fees</i>\n\nEntry <script>alert(1)</script> is five dollars.")
    for page in (shown(owner, source), owner.get(reverse(TRY), {"question": "entry fees"}).content.decode()):
        assert "<script>alert(1)</script>" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "<i>Fees</i>" not in page


def test_staff_may_look_and_try(clinic: Tenant, add: Add, login: Login) -> None:
    source = add(clinic, "House rules")
    staff = login(make_member("stan@riverside.example", clinic, Role.STAFF))
    assert "Ready" in shown(staff, source)
    assert staff.get(reverse(TRY), {"question": "park"}).status_code == 200
    assert staff.get(reverse(NEW)).status_code == 403
    assert staff.post(reverse("admin:agents_knowledgesource_again", args=[source.pk])).status_code == 403
    upload(staff, reverse(PAGE, args=[source.pk]), b"Mine now.", title="Mine")
    work()
    assert (fresh(source).title, len(texts(source))) == ("House rules", 2)


def test_another_tenants_documents_are_not_there(
    clinic: Tenant, other_tenant: Tenant, add: Add, bob: User, charlie: User, login: Login
) -> None:
    source = add(clinic, "Larkspur leaflet")
    rival = login(bob)
    for name in (PAGE, "admin:agents_knowledgesource_file", "admin:agents_knowledgesource_delete"):
        assert rival.get(reverse(name, args=[source.pk])).status_code == 404
    assert rival.post(reverse("admin:agents_knowledgesource_again", args=[source.pk])).status_code == 404
    tried = rival.get(reverse(TRY), {"question": "Where can I park?"}).content.decode()
    assert "No document has a word of it." in tried
    assert "Larkspur" not in rival.get(reverse(LIST)).content.decode()
    assert login(charlie).get(reverse(TRY), {"question": "park"}).status_code == 404


def test_a_platform_administrator_opens_a_business_first(clinic: Tenant, add: Add, login: Login) -> None:
    source = add(clinic, "House rules")
    root = login(User.objects.create_superuser("root@callsphere.example", "callsphere-tests", name="Root"))
    assert root.get(reverse(TRY), {"question": "park"}).status_code == 403
    assert root.get(reverse(LIST)).status_code == 200
    assert root.get(reverse(PAGE, args=[source.pk])).status_code == 200
