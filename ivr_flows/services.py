"""Uploaded prompts: taken in, used, taken back."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from dutycenter.interfaces import IClock, ILedger
from dutycenter.work import settings_of
from ivr_flows import wav
from ivr_flows.models import PromptUpload
from ivr_flows.prompts import Catalogue, Replaced

FOLDER = "prompts"
LONGEST_PROMPT = 120.0  # seconds


class Uploads:
    """Uploads that take the voice's place.

    Args:
        db: the request's session.
        ledger: where each change is told.
        clock: gives its moment.
        folder: where files are kept; the switch must be able to read it.
        account_id: who acts.
    """

    def __init__(self, db: Session, ledger: ILedger, clock: IClock, folder: Path, account_id: int | None) -> None:
        self._db = db
        self._ledger = ledger
        self._clock = clock
        self._folder = folder
        self._account_id = account_id

    def current(self) -> dict[tuple[str, str], PromptUpload]:
        """The uploads that are in use, by prompt id and language."""
        rows = self._db.scalars(select(PromptUpload).where(PromptUpload.ended_at.is_(None)).order_by(PromptUpload.id))
        return {(row.prompt, row.language): row for row in rows}

    def replaced(self) -> Replaced:
        """Where the files in use are."""
        return {place: self.path(row) for place, row in self.current().items()}

    def path(self, row: PromptUpload) -> Path:
        return self._folder / row.file_name

    def replace(self, catalogue: Catalogue, prompt: str, language: str, data: bytes) -> PromptUpload:
        """Use this WAV from the next call on.

        Raises:
            LookupError: there is no such prompt.
            WavError: the file is no sound that can be used.
        """
        if language not in catalogue.texts.get(prompt, {}):
            raise LookupError(prompt)
        samples = wav.telephone(wav.decode(data, most=LONGEST_PROMPT))
        made = wav.encode(samples)
        sha256 = hashlib.sha256(made).hexdigest()
        name = f"{FOLDER}/{sha256[:40]}.wav"
        wav.keep(made, self._folder / name)
        self._end(prompt, language)
        row = PromptUpload(
            prompt=prompt,
            language=language,
            sha256=sha256,
            file_name=name,
            seconds=round(len(samples) / wav.RATE, 2),
            uploaded_at=self._clock.now(),
            uploaded_by_id=self._account_id,
        )
        self._db.add(row)
        self._ledger.append("prompt.replaced", f"prompt:{prompt}", {"language": language, "sha256": sha256})
        return row

    def restore(self, prompt: str, language: str) -> bool:
        """Let the voice speak again; False when it does already."""
        if not self._end(prompt, language):
            return False
        self._ledger.append("prompt.restored", f"prompt:{prompt}", {"language": language})
        return True

    def _end(self, prompt: str, language: str) -> bool:
        row = self.current().get((prompt, language))
        if row is not None:
            row.ended_at = self._clock.now()
        return row is not None


def uploads_factory(context: object, request: Request) -> Uploads:
    """The request's ``Uploads``."""
    identity = request.identity if "dutycenter.actor" not in request.environ else None
    return Uploads(
        request.db,
        request.find_service(ILedger),
        request.find_service(IClock),
        settings_of(request.registry).uploads_dir,
        identity.id if identity is not None else None,
    )
