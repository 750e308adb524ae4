"""What every error has: a status, a sentence and what to do next, in Japanese and English."""

from __future__ import annotations

from typing import ClassVar


class GisappError(Exception):
    """Base of all errors that a person may see.

    `values` fill the braces of the class's sentences; `detail` is one more line in the reader's language.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    ja: ClassVar[str] = "内部で問題が起きました。"
    en: ClassVar[str] = "Something went wrong inside."
    do_ja: ClassVar[str] = "しばらくしてからもう一度お試しください。続くときは情報部門へ連絡してください。"
    do_en: ClassVar[str] = "Try again in a while. If it goes on, tell the information division."

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.sentence("en"))

    def sentence(self, lang: str = "ja") -> str:
        """What happened, in Japanese (`ja`) or English (anything else)."""
        return (self.ja if lang == "ja" else self.en).format_map(_Known(self.values))

    def remedy(self, lang: str = "ja") -> str:
        """What to do next."""
        return (self.do_ja if lang == "ja" else self.do_en).format_map(_Known(self.values))


class _Known(dict[str, object]):
    """Leaves a brace empty rather than failing while reporting a failure."""

    def __missing__(self, key: str) -> str:
        return "?"
