"""Who may do what to a layer: one decision with its reason. The database's grants enforce the same below it."""

from __future__ import annotations

from dataclasses import dataclass

from gisapp.access.people import Person
from gisapp.access.signed import Address
from gisapp.access.tokens import Token
from gisapp.catalogue.layer import Layer, View, view_for

CHANGERS = ("editor", "approver", "layer_owner")


@dataclass(frozen=True)
class Asker:
    """Who asks: a visitor (no person), a person who signed in, or a person's script with a token.

    With a signed address (`address`), `token` is one that reads its layers only.
    """

    person: Person | None = None
    token: Token | None = None
    address: Address | None = None

    @property
    def departments(self) -> frozenset[str]:
        """The departments the asker speaks for: empty for a visitor."""
        return self.person.departments if self.person else frozenset()


@dataclass(frozen=True)
class Decision:
    """Yes or no, and why not."""

    allowed: bool
    why_ja: str = ""
    why_en: str = ""


def view_of(asker: Asker, layer: Layer) -> View | None:
    """The columns of the layer that the asker may see; None: as if the layer did not exist."""
    if asker.token is not None and not asker.token.covers("read", layer.id):
        return view_for(layer, frozenset())
    return view_for(layer, asker.departments)


def may_change(asker: Asker, layer: Layer, verb: str) -> Decision:
    """Whether the asker may `upload` to, `publish` or `edit` the layer: an editor or above in the layer's own department."""
    if asker.person is None:
        return Decision(False, "ログインしていません", "nobody is signed in")
    role = asker.person.roles.get(layer.department)
    if role not in CHANGERS:
        ja = f"「{layer.title.ja}」は {layer.department} の編集者だけが更新できます"
        return Decision(False, ja, f"only editors of {layer.department} may change “{layer.title.en}”")
    if asker.token is not None and not asker.token.covers(verb, layer.id):
        return Decision(
            False,
            f"このトークンは {layer.id} の {verb} に使えません",
            f"this token does not cover {verb} of {layer.id}",
        )
    view = view_of(asker, layer)
    if layer.rows and not (view and view.whole):
        # Who could not read a closed row could learn of it by changing it, or from its key being taken.
        ja = f"{layer.id} には一部の部署だけが見る行があるため、更新するトークンには read も要ります"
        en = f"{layer.id} has rows that not everybody sees: a token that changes it has to cover read as well"
        return Decision(False, ja, en)
    return Decision(True)
