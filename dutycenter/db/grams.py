"""Text found by any part of it, also by one or two Chinese characters, among hundreds of thousands of rows.

PostgreSQL's own trigrams begin at three characters, and most words that an officer types have two. So each
text is indexed by its characters and pairs of neighbours (a GIN index over an expression, kept by the database
itself); the rows that have all pairs of a word are then read and compared. SQLite, the store of a small duty
room, reads all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import DDL, Boolean, ColumnElement, Index, Text, and_, event, func, literal, literal_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from dutycenter.db.base import Base

ONLY = "only on"
"""Key of an index's ``info``: the one dialect that has it."""

FUNCTION = """
CREATE OR REPLACE FUNCTION grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT coalesce(array_agg(DISTINCT gram), '{}') FROM (
  SELECT one, one || lead(one, 1, '') OVER (ORDER BY place) AS two
  FROM unnest(string_to_array(lower(words), NULL)) WITH ORDINALITY AS characters (one, place)
) AS pairs, LATERAL (VALUES (one), (two)) AS both_of (gram)
$$
"""

event.listen(Base.metadata, "before_create", DDL(FUNCTION).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]


class _HasGrams(FunctionElement[bool]):
    """Has the text all these grams? Always so where there is no index to ask."""

    type = Boolean()
    inherit_cache = True


@compiles(_HasGrams)
def _unasked(element: _HasGrams, compiler: SQLCompiler, **options: Any) -> str:
    return "1"


@compiles(_HasGrams, "postgresql")
def _asked(element: _HasGrams, compiler: SQLCompiler, **options: Any) -> str:
    words, wanted = element.clauses
    return f"grams({compiler.process(words, **options)}) @> {compiler.process(wanted, **options)}"


def grams(word: str) -> list[str]:
    """What a text that holds the word is sure to be indexed by: its pairs of neighbours, or its only character."""
    low = word.lower()
    return sorted({low[at : at + 2] for at in range(len(low) - 1)}) or [low]


def holds(word: str, columns: Sequence[Any]) -> ColumnElement[bool]:
    """Condition: one of the columns contains the word, upper or lower case. ``gram_index`` of the same makes it quick.

    Args:
        word: not empty; taken literally.
        columns: never NULL. A word is found across the end of one and the beginning of the next only with
            the space between them.
    """
    words = _joined(columns)
    cased = word.upper() != word.lower()  # Chinese and figures are not: the store need not fold every text for them
    there = (words.icontains if cased else words.contains)(word, autoescape=True)
    return and_(_HasGrams(words, literal(grams(word), ARRAY(Text))), there)


def gram_index(name: str, columns: Sequence[Any]) -> Index:
    """The index for ``holds`` of these columns, in the same order; on PostgreSQL alone."""
    index = Index(name, func.grams(_joined(columns)), postgresql_using="gin", info={ONLY: "postgresql"})
    return index.ddl_if(dialect="postgresql")


def _joined(columns: Sequence[Any]) -> ColumnElement[str]:
    space: ColumnElement[str] = literal_column("' '", Text)
    first, *others = columns
    return reduce(lambda words, column: words + space + column, others, first)
