"""Changing one feature."""

from __future__ import annotations

from gisapp.errors.base import GisappError


class FeatureInvalid(GisappError):
    status = 400
    code = "feature-invalid"
    ja = "地物を受け付けられません。{field}：{why_ja}"
    en = "The feature cannot be taken. {field}: {why_en}"
    do_ja = "{field} を直してもう一度送ってください。何も変わっていません。"
    do_en = "Correct {field} and send it again. Nothing has been changed."


class FeatureChanged(GisappError):
    status = 412
    code = "feature-changed"
    ja = "レイヤー「{layer}」の地物 {id} は、読み込まれた後に別の人が変更しています。"
    en = "Feature {id} of the layer “{layer}” has been changed by somebody else since it was read."
    do_ja = "もう一度読み込み、違いを確かめてから変更してください。"
    do_en = "Read it again, look at the difference, and change it then."


class EditConflict(GisappError):
    status = 409
    code = "edit-conflict"
    ja = "同じ{key}の地物がすでにあります。"
    en = "There is a feature with the same {key} already."
    do_ja = "{key} を確かめてください。何も変わっていません。"
    do_en = "Check {key}. Nothing has been changed."


class MediaTypeWrong(GisappError):
    status = 415
    code = "media-type-wrong"
    ja = "この種類のデータ（{found}）は受け付けません。"
    en = "This kind of content ({found}) is not taken."
    do_ja = "Content-Type を {wanted} にして送ってください。"
    do_en = "Send it as Content-Type {wanted}."
