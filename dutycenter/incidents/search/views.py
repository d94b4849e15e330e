"""``/incidents``: the list of incidents and the search over all that is written of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import Select, func, literal, select, union
from sqlalchemy.orm import joinedload

from dutycenter.directory.models import District
from dutycenter.frame.labels import label
from dutycenter.incidents.classes import SUBTYPE_LABELS
from dutycenter.incidents.models import Incident
from dutycenter.incidents.search.models import SavedSearch
from dutycenter.incidents.search.newest import newest
from dutycenter.incidents.search.query import NAMES, Query
from dutycenter.incidents.search.saved import NoSuchSearch, SavedSearches, SearchFault
from dutycenter.incidents.search.sheet import Column, write_sheet
from dutycenter.incidents.search.words import PLACES, found_in
from dutycenter.interfaces import IClock, ILedger
from dutycenter.notices import say
from dutycenter.typed import whole
from dutycenter.vocabulary import IncidentClass, IncidentStatus, Level, SourceChannel
from dutycenter.work import Work, settings_of
from dutycenter.workbook import MEDIA_TYPE

_ = TranslationStringFactory("dutycenter")

PAGE = 50
MOST_ROWS = 5000  # of a spreadsheet: what is written in a second
COLUMNS: tuple[Column, ...] = (
    (_("Number"), "moment"), (_("Title"), "text"), (_("Class"), "moment"), (_("Sub-type"), "moment"),
    (_("Level"), "moment"), (_("Status"), "moment"), (_("District"), "moment"), (_("Place"), "text"),
    (_("Occurred"), "moment"), (_("Reported at"), "moment"), (_("How it came in"), "moment"), (_("Dead"), "count"),
    (_("Injured"), "count"), (_("Missing"), "count"), (_("Trapped"), "count"), (_("Evacuated"), "count"),
    (_("Course so far"), "long"), (_("Measures"), "long"), (_("Reporter"), "text"), (_("Reporter's number"), "moment"),
    (_("At the scene"), "text"), (_("Closed"), "moment"), (_("Exercise"), "count"),
)  # fmt: skip
FIELD_LABELS = {
    "q": _("Words"), "class": _("Class"), "level": _("Level"), "status": _("Status"), "district": _("District"),
    "channel": _("How it came in"), "from": _("Reported from"), "until": _("until"), "overdue": _("Overdue"),
}  # fmt: skip


def listing(request: Request) -> dict[str, Any]:
    """The incidents that fit, the latest first, each with where the words were found."""
    query = Query.read(request.GET)
    page = max(1, whole(request.GET.get("page", "")) or 1)
    incidents, total, more = _latest(request, query, (page - 1) * PAGE, PAGE)
    pages = max(1, -(-total // PAGE))
    if page > pages:
        page = pages
        incidents, total, more = _latest(request, query, (page - 1) * PAGE, PAGE)
    return {
        "incidents": incidents,
        "found": _found(request, query, [incident.id for incident in incidents]),
        "places": PLACES,
        "total": total,
        "more": more,
        "page": page,
        "pages": pages,
        "query": dict(query.asked),
        "asked": {name: query.asked.get(name, "") for name in NAMES},
        "searches": request.find_service(SavedSearches).all(),
        "districts": request.db.scalars(select(District).order_by(District.code)).all(),
        "IncidentClass": IncidentClass,
        "IncidentStatus": IncidentStatus,
        "Level": Level,
        "SourceChannel": SourceChannel,
        "subtypes": SUBTYPE_LABELS,
        "most_rows": MOST_ROWS,
    }


def export(request: Request) -> Response:
    """What was found, as a spreadsheet; that it was taken is on record."""
    query = Query.read(request.GET)
    incidents, total, more = _latest(request, query, 0, MOST_ROWS)
    told = {**query.asked, "rows": len(incidents), "address": request.client_addr or ""}
    with Work(request.registry, request.actor).write() as writing:
        writing.find_service(ILedger).append("incidents.table_taken", "incidents:all", told)
    say = request.localizer.translate
    about = [(say(FIELD_LABELS[name]), text) for name, text in query.asked.items()]
    about += [(say(_("Found")), f"{total}+" if more else str(total)), (say(_("In this table")), str(len(incidents)))]
    content = write_sheet(
        say(_("Incidents")),
        [(say(name), form) for name, form in COLUMNS],
        [_cells(incident, say) for incident in incidents],
        about,
        settings_of(request.registry).time_zone,
    )
    response = Response(content, content_type=MEDIA_TYPE)
    response.content_disposition = 'attachment; filename="incidents.xlsx"'
    return response


def keep(request: Request) -> Response:
    """Keep the search under a name."""
    query = Query.read(request.POST)
    try:
        search = request.find_service(SavedSearches).keep(
            request.POST.get("name", ""), query.asked, shared=request.POST.get("shared") == "yes"
        )
    except SearchFault as fault:
        request.tm.doom()
        raise HTTPBadRequest(fault.args[0]) from None
    say(request, _("The search is kept as “${name}”.", mapping={"name": search.name}))
    return HTTPSeeOther(request.route_path("incidents", _query=dict(query.asked)))


def turn(request: Request) -> Response:
    """Keep a search no longer, or again."""
    searches, search_id = request.find_service(SavedSearches), int(request.matchdict["id"])
    try:
        if request.matchdict["verb"] == "remove":
            search: SavedSearch = searches.remove(search_id)
            undo = request.route_path("incidents.search", id=search_id, verb="take-back")
            say(request, _("The search “${name}” is kept no longer.", mapping={"name": search.name}), undo)
        else:
            searches.take_back(search_id)
    except NoSuchSearch:
        raise HTTPNotFound from None
    return HTTPSeeOther(request.route_path("incidents"))


def _latest(request: Request, query: Query, begin: int, count: int) -> tuple[Sequence[Incident], int, bool]:
    """So many incidents that fit, from the latest but ``begin``; how many there are; and whether there are more still."""
    filters = query.filters(request.find_service(IClock).now(), settings_of(request.registry).time_zone)
    rows = select(Incident).options(joinedload(Incident.district)).order_by(Incident.id.desc())
    if query.words:
        found = newest(request.db, query.words, begin + count + 1, filters=filters)
        chosen = rows.where(Incident.id.in_(found.ids[begin : begin + count]))
        return request.db.scalars(chosen).all(), len(found.ids), found.more
    total = request.db.scalar(select(func.count()).select_from(Incident).where(*filters)) or 0
    return request.db.scalars(rows.where(*filters).limit(count).offset(begin)).all(), total, False


def _found(request: Request, query: Query, ids: Sequence[int]) -> dict[int, list[str]]:
    """Where the words were found, for the incidents of a page."""
    found: dict[int, list[str]] = {id_: [] for id_ in ids}
    if not query.words or not ids:
        return found
    rows: list[Select[str, int]] = []
    for word in query.words:
        for place, there in found_in(word, lambda incident_id: incident_id.in_(ids)).items():
            rows += [one.add_columns(literal(place)) for one in there]
    for id_, place in request.db.execute(union(*rows)):
        found[id_].append(place)
    return {id_: sorted(places, key=list(PLACES).index) for id_, places in found.items()}


def _cells(i: Incident, say: Any) -> list[Any]:
    kind = say(label(i.incident_class)) if i.incident_class else ""
    return [
        i.number, i.title, kind, say(SUBTYPE_LABELS.get(i.subtype, "")), say(label(i.level)) if i.level else "",
        say(label(i.status)), i.district.name if i.district else "", i.place, i.occurred_at, i.reported_at,
        say(label(i.channel)), i.dead, i.injured, i.missing, i.trapped, i.evacuated, i.course, i.measures,
        " ".join(part for part in (i.reporter_unit, i.reporter_name, i.reporter_post) if part), i.reporter_number,
        " ".join(part for part in (i.scene_contact, i.scene_number) if part), i.closed_at, 1 if i.exercise else None,
    ]  # fmt: skip


def includeme(config: Configurator) -> None:
    for name, pattern, view, method, template in (
        ("incidents", "/incidents", listing, "GET", "list"),
        ("incidents.sheet", "/incidents.xlsx", export, "GET", None),
        ("incidents.keep", "/incidents/searches", keep, "POST", None),
        ("incidents.search", r"/incidents/searches/{id:\d{1,9}}/{verb:remove|take-back}", turn, "POST", None),
    ):
        config.add_route(name, pattern)
        renderer = f"dutycenter:incidents/search/templates/{template}.jinja2" if template else None
        config.add_view(view, route_name=name, request_method=method, permission="view", renderer=renderer)
