"""``SavedSearches``: one's own filters, and those that others share."""

from __future__ import annotations

from collections.abc import Mapping

from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from dutycenter.incidents.elements import one_line
from dutycenter.incidents.search.models import SavedSearch
from dutycenter.interfaces import IClock, ILedger

_ = TranslationStringFactory("dutycenter")

LONGEST_NAME = 64
MOST = 50  # of one person


class SearchFault(ValueError):
    """A search cannot be kept; ``args[0]`` is a translation string."""


class NoSuchSearch(LookupError):
    """There is no such search, or it is somebody else's."""


class SavedSearches:
    """The kept searches of one account."""

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, account_id: int) -> None:
        self.db = db
        self.ledger = ledger
        self.clock = clock
        self.account_id = account_id

    def all(self) -> list[SavedSearch]:
        """One's own, then those that others share, each by name."""
        query = select(SavedSearch).where(
            SavedSearch.removed_at.is_(None), or_(SavedSearch.account_id == self.account_id, SavedSearch.shared)
        )
        order = (SavedSearch.account_id != self.account_id, SavedSearch.name, SavedSearch.id)
        return list(self.db.scalars(query.options(joinedload(SavedSearch.account)).order_by(*order)))

    def keep(self, name: str, asked: Mapping[str, str], *, shared: bool) -> SavedSearch:
        """Keep a search; one's own of the same name is replaced.

        Raises:
            SearchFault: it has no name, looks for nothing, or there are too many.
        """
        name = one_line(name)[:LONGEST_NAME]
        if not name:
            raise SearchFault(_("Give the search a name."))
        if not asked:
            raise SearchFault(_("This search asks for nothing. Fill in a field first."))
        own = [search for search in self.all() if search.account_id == self.account_id]
        if len(own) >= MOST:
            raise SearchFault(_("You keep ${most} searches already. Remove one first.", mapping={"most": MOST}))
        for search in own:
            if search.name == name:
                self._remove(search)
        search = SavedSearch(
            account_id=self.account_id, name=name, query=dict(asked), shared=shared, created_at=self.clock.now()
        )
        self.db.add(search)
        self.db.flush()
        self._tell(search, "kept", name=name, query=dict(asked), shared=shared)
        return search

    def remove(self, search_id: int) -> SavedSearch:
        """Keep one's own no longer. Idempotent.

        Raises:
            NoSuchSearch
        """
        search = self._own(search_id)
        if search.removed_at is None:
            self._remove(search)
        return search

    def take_back(self, search_id: int) -> SavedSearch:
        """Undo ``remove``. Idempotent.

        Raises:
            NoSuchSearch
        """
        search = self._own(search_id)
        if search.removed_at is not None:
            search.removed_at = None
            self._tell(search, "taken_back")
        return search

    def _own(self, search_id: int) -> SavedSearch:
        search = self.db.get(SavedSearch, search_id)
        if search is None or search.account_id != self.account_id:
            raise NoSuchSearch(search_id)
        return search

    def _remove(self, search: SavedSearch) -> None:
        search.removed_at = self.clock.now()
        self._tell(search, "removed")

    def _tell(self, search: SavedSearch, verb: str, **data: object) -> None:
        self.ledger.append(f"saved_search.{verb}", f"saved_search:{search.id}", data)


def saved_factory(context: object, request: Request) -> SavedSearches:
    """The reader's kept searches."""
    return SavedSearches(request.db, request.find_service(ILedger), request.find_service(IClock), request.identity.id)
