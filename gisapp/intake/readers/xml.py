"""XML read in one pass, element by element, without entities, without references to elsewhere, and never too deep.

Names are local names; prefixes are looked at only to tell of those that nobody declared (a strict reader would stop).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from gisapp.intake.problem import WARNING, Problem, refuse

DEEPEST = 200  # elements in elements
CHUNK = 2**18  # bytes
DIRECT = {"utf-8", "utf-16", "ascii", "iso8859-1"}  # what expat reads by itself


@dataclass(slots=True)
class Node:
    """An element: local name, prefix, attributes (as written), text before its first child, children."""

    name: str
    prefix: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def child(self, name: str) -> Node | None:
        """The first child of that name."""
        return next((one for one in self.children if one.name == name), None)

    def all(self, *names: str) -> Iterator[Node]:
        """Elements of these names in document order, this one and those within others of them included."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.name in names:
                yield node
            waiting.extend(reversed(node.children))

    def first(self, *names: str) -> Node | None:
        """The first of `all`."""
        return next(self.all(*names), None)

    def attribute(self, name: str) -> str:
        """An attribute by its local name; "" where there is none."""
        for key, value in self.attributes.items():
            if key.rpartition(":")[2] == name:
                return value
        return ""


Wanted = Callable[[list[str]], bool]
"""Told the local names from the root down to an element that begins; true: it is to be taken whole."""


def elements(path: Path, wanted: Wanted, problems: list[Problem] | None = None) -> Iterator[Node]:
    """The elements that are `wanted`, whole, one after the other. Undeclared prefixes go into `problems`.

    Raises errors.FileRefused: entities, too deep, broken (with the line).
    """
    reader = _Reader(wanted)
    try:
        for chunk in chunks(path):
            reader.parser.Parse(chunk, False)
            yield from reader.take()
        reader.parser.Parse(b"", True)
        yield from reader.take()
    except expat.ExpatError as error:
        _refuse_broken(error.lineno)
    if problems is not None:
        problems += reader.undeclared()


def root_of(path: Path) -> Node:
    """The root element: its name, prefix and attributes only. Raises errors.FileRefused as `elements` does."""
    reader = _Reader(lambda names: False)
    line = 1
    try:
        for chunk in chunks(path):
            reader.parser.Parse(chunk, False)
            if reader.root is not None:
                break
    except expat.ExpatError as error:
        line = error.lineno
    if reader.root is None:
        _refuse_broken(line)
    return reader.root


def check_whole(path: Path) -> list[Problem]:
    """Read to the end for those formats that another library reads. Raises errors.FileRefused as `elements` does."""
    problems: list[Problem] = []
    for _ in elements(path, lambda names: False, problems):
        pass
    return problems


def chunks(path: Path) -> Iterator[bytes | str]:
    """A file piece by piece; as text where its encoding is one that expat does not know."""
    with path.open("rb") as file:
        head = file.read(256)
        said = re.search(rb"^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9_.-]+)", head)
        codec = _codec(said[1].decode()) if said else "utf-8"
        file.seek(0)
        if codec in DIRECT:
            while raw := file.read(CHUNK):
                yield raw
            return
        decoder = codecs.getincrementaldecoder(codec)("replace")
        while raw := file.read(CHUNK):
            yield decoder.decode(raw)
        yield decoder.decode(b"", final=True)


def _codec(name: str) -> str:
    if name.lower() in {"shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms932"}:
        return "cp932"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


class _Reader:
    """Expat's callbacks. Nothing is expanded and nothing is fetched: an entity's declaration ends the reading."""

    def __init__(self, wanted: Wanted) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_size = 2**20
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity
        self.root: Node | None = None
        self._wanted = wanted
        self._names: list[str] = []
        self._open: list[Node] = []
        self._done: list[Node] = []
        self._declared = {"xml"}
        self._undeclared: dict[str, int] = {}

    def take(self) -> list[Node]:
        """What is whole by now; each is given once."""
        done, self._done = self._done, []
        return done

    def undeclared(self) -> Iterator[Problem]:
        for prefix, line in self._undeclared.items():
            ja = f"{line}行目の接頭辞「{prefix}:」が宣言されていません（そのまま読みました）"
            en = f"the prefix “{prefix}:” in line {line} is not declared; it was read all the same"
            yield Problem(WARNING, "xml_namespace", ja, en)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        for key in attributes:
            if key.startswith("xmlns:"):
                self._declared.add(key[6:])
        prefix, _, name = tag.rpartition(":")
        if prefix and prefix not in self._declared:
            self._undeclared.setdefault(prefix, self.parser.CurrentLineNumber)
        self._names.append(name)
        if len(self._names) > DEEPEST:
            why = (
                f"XML の入れ子が深すぎます（{DEEPEST} 段以上）",
                f"its XML is nested more than {DEEPEST} deep",
            )
            refuse("too_deep", why, ("書き出し直してください。", "Export it again."))
        if self.root is None:
            self.root = Node(name, prefix, attributes)
        if self._open:
            node = Node(name, prefix, attributes)
            self._open[-1].children.append(node)
            self._open.append(node)
        elif self._wanted(self._names):
            self._open.append(Node(name, prefix, attributes))

    def _end(self, tag: str) -> None:
        self._names.pop()
        if self._open:
            node = self._open.pop()
            if not self._open:
                self._done.append(node)

    def _text(self, text: str) -> None:
        if self._open and not self._open[-1].children:
            self._open[-1].text += text

    def _entity(self, *said: object) -> NoReturn:
        why = ("XML に実体（ENTITY）の宣言があります", "its XML declares entities")
        do = ("実体を使わずに書き出し直してください。", "Export it again without entities.")
        refuse("xml_entity", why, do)


def _refuse_broken(line: int) -> NoReturn:
    why = (
        f"XML が{line}行目で壊れています（途中で切れている可能性があります）",
        f"its XML breaks at line {line}; it may be cut off",
    )
    do = ("もう一度書き出すか、受け取り直してください。", "Export it again or have it sent again.")
    refuse("truncated", why, do)
