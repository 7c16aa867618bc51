"""Knowledge: the documents that agents answer from, what came of each, and a box to try a question."""

import asyncio
import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.agents.knowledge import search, sources, vectors
from apps.agents.knowledge.models import KnowledgeFile, KnowledgeSource
from apps.agents.knowledge.reading.document import MAX_BYTES
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, actor_of
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.scope import EVERY_TENANT, current_scope, current_tenant_id

_COLORS = {"Waiting": "info", "Being read": "info", "Ready": "success", "Empty": "danger", "Failed": "danger"}
_PIECES_SHOWN = 40
_LATE = dt.timedelta(minutes=2)
"""After which a document that nobody reads hints at a worker that does not run."""
_LONGEST_QUESTION = 300


class KnowledgeForm(TenantForm):
    title = forms.CharField(
        required=False,
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text="Agents name it when they answer from it. Empty = the file's name.",
    )
    upload = forms.FileField(
        label="File",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".pdf,.docx,.txt,.md,.html,.htm"}),
        help_text=f"PDF, Word (.docx), text, Markdown or a saved web page, up to {MAX_BYTES // 1024 // 1024} MB.",
    )
    pasted = forms.CharField(
        label="Or paste",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="A text, or the source (HTML) of a page of your website: of that, only its main text is taken.",
    )

    class Meta:
        model = KnowledgeSource
        fields = ("title", "is_active")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        upload, pasted = cleaned.get("upload"), cleaned.get("pasted")
        if upload and pasted:
            self.add_error("pasted", "Upload a file or paste a text, not both.")
        elif upload and upload.size > MAX_BYTES:
            self.add_error("upload", f"This file is larger than {MAX_BYTES // 1024 // 1024} MB. Split it into several.")
        elif self.instance._state.adding and not upload and not pasted and "upload" not in self.errors:
            self.add_error("upload", "Choose a file, or paste a text below.")
        if not cleaned.get("title"):
            name = upload.name.rpartition(".")[0] if upload else ""
            cleaned["title"] = self.instance.title or name.replace("_", " ").strip()[:120] or "Pasted text"
        return cleaned

    def given(self) -> tuple[bytes, str] | None:
        """(the file, its name), if there is a new one."""
        if upload := self.cleaned_data.get("upload"):
            return upload.read(), upload.name
        return (pasted.encode(), "") if (pasted := self.cleaned_data.get("pasted")) else None


@admin.register(KnowledgeSource)
class KnowledgeAdmin(TenantAdmin):
    icon = "menu_book"
    rights: ClassVar[Rights] = SET_UP
    form = KnowledgeForm
    list_display = ("title", "form_label", "status_label", "piece_count", "characters", "uploaded_at", "is_active")
    list_filter = ("status", "is_active")
    search_fields = ("title", "file_name")
    change_form_template = "admin/agents/knowledgesource/page.html"
    list_before_template = "admin/agents/knowledgesource/above_list.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not (self.has_change_permission(request, obj) if obj else self.has_add_permission(request)):
            kwargs["form"] = TenantForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: KnowledgeSource | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("upload", "pasted", "title")}),)
        if not self.has_change_permission(request, obj):
            return ((None, {"fields": ("title", "is_active")}),)
        another = {"fields": ("upload", "pasted"), "description": "Agents use the one before until this has been read."}
        return ((None, {"fields": ("title", "is_active")}), ("Replace it", another))

    def save_model(self, request: HttpRequest, obj: KnowledgeSource, form: Any, change: bool) -> None:
        given = form.given()
        if not change:
            added = sources.add(title=obj.title, data=given[0], file_name=given[1], actor=actor_of(request))
            obj.__dict__.update(added.__dict__)
            return
        obj.save(update_fields=["title", "is_active"])  # the rest is the worker's, who may have written it just now
        if given is not None:
            sources.replace(source=obj, data=given[0], file_name=given[1], actor=actor_of(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, dict[str, int], set[str], list[str]]:
        """Its pieces go with it; they are counted, not listed."""
        count = sum(source.piece_count for source in objs)
        return [str(source) for source in objs], {"documents": len(objs), "pieces": count}, set(), []

    @display(description="Form", ordering="kind")
    def form_label(self, source: KnowledgeSource) -> str:
        return source.get_kind_display()

    @display(description="Status", ordering="status", label=_COLORS)
    def status_label(self, source: KnowledgeSource) -> str:
        return source.get_status_display()

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "agents_knowledgesource"
        return [
            path("try/", wrap(self.try_view), name=f"{name}_try"),
            path("<path:object_id>/again/", wrap(self.again_view), name=f"{name}_again"),
            path("<path:object_id>/file/", wrap(self.file_view), name=f"{name}_file"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        hide_from_strangers(request)
        given_nothing = self._own(request).filter(status__in=("empty", "failed")).defer("notes")[:10]
        return super().changelist_view(request, {"given_nothing": given_nothing, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        source: KnowledgeSource = self.get_object(request, object_id)
        context = {
            "pieces": source.pieces.all()[:_PIECES_SHOWN],
            "is_late": source.status == "waiting" and timezone.now() - source.uploaded_at > _LATE,
            "has_meaning": vectors.enabled(),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Has the file read once more."""
        source: KnowledgeSource = self.get_object(request, object_id)
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        sources.read_again(source=source, actor=actor_of(request))
        messages.success(request, f"{source.title} will be read again within seconds.")
        return HttpResponseRedirect(reverse("admin:agents_knowledgesource_change", args=[source.pk]))

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file as it was uploaded; never shown by the browser, for it may be a page with scripts."""
        source: KnowledgeSource = self.get_object(request, object_id)
        if not self.has_view_permission(request, source):
            raise PermissionDenied
        file = KnowledgeFile.objects.filter(source=source).first()
        if request.method != "GET" or file is None:
            raise Http404
        answer = HttpResponse(bytes(file.data), content_type="application/octet-stream")
        answer.headers["Content-Disposition"] = f'attachment; filename="{_name(source)}"'
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """What agents would find for a question."""
        hide_from_strangers(request)
        if not self.has_view_permission(request) or current_scope() == EVERY_TENANT:
            raise PermissionDenied
        question = request.GET.get("question", "").replace("\0", "").strip()[:_LONGEST_QUESTION]
        vector = asyncio.run(vectors.vector_once(question, tenant_id=current_tenant_id())) if question else None
        context = {
            **self.admin_site.each_context(request),
            "title": "Try a question",
            "opts": self.opts,
            "question": question,
            "findings": search.find(question, vector=vector) if question else None,
            "with_vectors": vector is not None,
        }
        return TemplateResponse(request, "admin/agents/knowledgesource/try.html", context)

    def _own(self, request: HttpRequest) -> QuerySet[KnowledgeSource]:
        return super().get_queryset(request)


def _name(source: KnowledgeSource) -> str:
    """A file name that cannot break out of its header."""
    name = source.file_name or f"{source.title}.{'html' if source.kind == 'html' else 'txt'}"
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_. ") else "_" for letter in name)
