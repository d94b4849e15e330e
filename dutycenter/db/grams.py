"""Text found by any part of it, also by one or two Chinese characters, among hundreds of thousands of rows.

PostgreSQL's own trigrams begin at three characters, and most words that an officer types have two. So each
text is indexed by its characters and pairs of neighbours, and, because any pair of digits stands in every tenth
telephone number, by each four digits in a row (a GIN index over an expression, kept by the database itself); the
rows that have all of a word's are then read and compared. SQLite, the store of a small duty room, reads all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

from sqlalchemy import DDL, Boolean, ColumnElement, Index, Text, and_, event, func, literal, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from dutycenter.db.base import Base

DIGITS = frozenset("0123456789")
ONLY = "only on"
"""Key of an index's ``info``: the one dialect that has it."""

FUNCTION = """
CREATE OR REPLACE FUNCTION grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT coalesce(array_agg(DISTINCT gram), '{}') FROM (
  SELECT one, one || lead(one, 1, '') OVER following AS two,
         one || lead(one, 1, '') OVER following || lead(one, 2, '') OVER following || lead(one, 3, '') OVER following
         AS four
  FROM unnest(string_to_array(lower(words), NULL)) WITH ORDINALITY AS characters (one, place)
  WINDOW following AS (ORDER BY place)
) AS parts, LATERAL (VALUES (one), (two), (CASE WHEN four ~ '^[0-9]{4}$' THEN four END)) AS each_of (gram)
WHERE gram IS NOT NULL
$$
"""

event.listen(Base.metadata, "before_create", DDL(FUNCTION).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]


class _HasGrams(FunctionElement[bool]):
    """Has the text all these grams? Where there is no index to ask, another condition stands for it."""

    type = Boolean()
    inherit_cache = True


@compiles(_HasGrams)
def _unasked(element: _HasGrams, compiler: SQLCompiler, **options: Any) -> str:
    _words, _wanted, instead = element.clauses
    return compiler.process(instead, **options)


@compiles(_HasGrams, "postgresql")
def _asked(element: _HasGrams, compiler: SQLCompiler, **options: Any) -> str:
    words, wanted, _instead = element.clauses
    return f"grams({compiler.process(words, **options)}) @> {compiler.process(wanted, **options)}"


def grams(word: str) -> list[str]:
    """What a text that holds the word is sure to be indexed by: its fours of digits and pairs, or its only character."""
    low = word.lower()
    fours = {four for four in _parts(low, 4) if set(four) <= DIGITS}
    pairs = {pair for pair in _parts(low, 2) if not any(pair in four for four in fours)}
    return sorted(fours | pairs) or [low]


def _parts(word: str, size: int) -> set[str]:
    return {word[at : at + size] for at in range(len(word) - size + 1)}


def holds(word: str, columns: Sequence[Any]) -> ColumnElement[bool]:
    """Condition: one of the columns contains the word, upper or lower case. ``gram_index`` of the same makes it quick.

    Args:
        word: not empty; taken literally.
        columns: never NULL. A word is found across the end of one and the beginning of the next only with
            the space between them.
    """
    asked, read = grams(word), stands(word, columns)
    by_grams = _HasGrams(_joined(columns), literal(asked, ARRAY(Text)), read)
    # Where the word is itself one gram, the index has said all, and reading a common word's thousands of texts would be
    # the longest part.
    return by_grams if asked == [word.lower()] else and_(by_grams, read)


def stands(word: str, columns: Sequence[Any]) -> ColumnElement[bool]:
    """The same condition for rows that are read one by one: no index is asked."""
    words = _joined(columns)
    cased = word.upper() != word.lower()  # Chinese and figures are not: the store need not fold every text for them
    return (words.icontains if cased else words.contains)(word, autoescape=True)


@contextmanager
def by_index(db: Session) -> Iterator[None]:
    """Let PostgreSQL ask the index for ``holds`` even where it thinks that reading all rows is as good.

    It takes ``grams`` of a row for as cheap as any other function, and would work it out for each of them; so dear do rows
    seem to it that it starts helpers, too, which takes longer than reading them.
    """
    if db.get_bind().dialect.name != "postgresql":
        yield
        return
    db.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0"))
    yield
    db.execute(text("SET LOCAL enable_seqscan = DEFAULT; SET LOCAL max_parallel_workers_per_gather = DEFAULT"))


def gram_index(name: str, columns: Sequence[Any]) -> Index:
    """The index for ``holds`` of these columns, in the same order; on PostgreSQL alone."""
    index = Index(name, func.grams(_joined(columns)), postgresql_using="gin", info={ONLY: "postgresql"})
    return index.ddl_if(dialect="postgresql")


def _joined(columns: Sequence[Any]) -> ColumnElement[str]:
    space: ColumnElement[str] = literal_column("' '", Text)
    first, *others = columns
    return reduce(lambda words, column: words + space + column, others, first)
