"""What a person may do about a problem, by its code: beside the sentence that says what was found."""

from __future__ import annotations

ADVICE: dict[str, tuple[str, str]] = {
    "address_coarse": (
        "番地・号まで書き足すか、この一致でよいかを選んでください。",
        "Complete the number, or choose whether this match will do.",
    ),
    "address_elsewhere": (
        "市の外の行を外すか、住所を直してください。",
        "Leave out rows of other cities, or correct the address.",
    ),
    "address_not_found": (
        "町名と番地を確かめてください。新しい町名なら、町字の一覧を更新してください。",
        "See that town and number are right; for a new town, update the list of towns.",
    ),
    "address_unsure": (
        "丁目や大字まで書くか、緯度・経度を付けてください。",
        "Write the chome or oaza too, or give latitude and longitude.",
    ),
    "all_empty": ("属性のある列を付けて書き出し直してください。", "Export it again with its attributes."),
    "axes_swapped": ("候補から、正しい軸の順を選んでください。", "Choose the right order of the axes."),
    "coordinate_outlier": (
        "この行の位置を元の資料と見比べてください。",
        "Compare this row's place with its source.",
    ),
    "crs_missing": (
        "候補から選んでください。元のデータを作った人に確かめるのが確実です。",
        "Choose one of the candidates; whoever made the data knows for sure.",
    ),
    "crs_suspect": ("候補から、正しい座標系を選んでください。", "Choose the right reference system."),
    "datum_suspect": ("候補から、測地系を選んでください。", "Choose the datum."),
    "deleted_records": (
        "消した行が必要なら、元のソフトで戻してから書き出してください。",
        "Restore the rows in the program that made the file if they are needed.",
    ),
    "duplicate_field_name": ("見出しを付け直してください。", "Rename the columns."),
    "duplicate_key": (
        "同じ番号の行を一つにするか、番号を直してください。",
        "Leave one row of each key, or correct the keys.",
    ),
    "encoding_guessed": (
        "文字が正しいか違いの表で確かめ、違えば文字コードを指定してください。",
        "Look at the text in the table of differences; name the encoding if it is wrong.",
    ),
    "encoding_unknown": (
        "文字コードを指定してください（多くは cp932）。",
        "Name the encoding (often cp932).",
    ),
    "header_odd": ("見出しの行を1行目にしてください。", "Put the headings into the first row."),
    "invalid_geometry": (
        "直す前と後の面積を確かめ、受け入れられなければ外してください。",
        "Compare the areas before and after; leave the rows out if the repair is wrong.",
    ),
    "lost_leading_zero": ("補った番号を確かめてください。", "See that the restored codes are right."),
    "missing_column": (
        "必須の列を加えるか、見出しをレイヤーの項目名に合わせてください。",
        "Add the column, or name it as the layer does.",
    ),
    "missing_key": ("番号の空いた行に番号を入れてください。", "Give these rows their key."),
    "missing_value": ("空いている値を入れてください。", "Fill in the missing values."),
    "mixed_geometry": (
        "レイヤーと同じ種類の図形だけを書き出してください。",
        "Export only shapes of the layer's kind.",
    ),
    "no_column_known": (
        "見出しをレイヤーの項目名に合わせるか、別のレイヤーを選んでください。",
        "Name the columns as the layer does, or choose another layer.",
    ),
    "no_coordinate": (
        "この行に住所を入れるか、緯度・経度を付けてください。",
        "Give these rows an address, or latitude and longitude.",
    ),
    "no_position": ("「緯度」「経度」の列を付けてください。", "Add columns of latitude and longitude."),
    "nonfinite_coordinate": (
        "座標の空欄や計算の誤りを直してください。",
        "Correct the coordinates of these rows.",
    ),
    "null_geometry": (
        "位置のない行は登録されません。必要なら位置を付けてください。",
        "Rows without a place are left out; add one if they are needed.",
    ),
    "outside_city": (
        "座標系か、選んだファイルを確かめてください。",
        "See that the reference system and the file are right.",
    ),
    "overlap": (
        "重なる行を元のソフトで直してください。",
        "Correct the overlaps in the program that made the file.",
    ),
    "partly_outside_city": (
        "市の外の行が必要か確かめてください。",
        "See whether the rows outside of the city are meant.",
    ),
    "personal_number": (
        "個人番号の列を消してください。地図には登録できません。",
        "Remove the column: such numbers never go into a map.",
    ),
    "ragged_rows": (
        "区切りの数を見出しと揃えてください。",
        "Give these rows as many cells as the header has.",
    ),
    "text_cut": ("切れた文字を元の資料で補ってください。", "Complete the cut text from its source."),
    "unknown_code": (
        "コード表にある値に直すか、所管課に追加を相談してください。",
        "Use a code of the list, or ask the layer's department to add it.",
    ),
    "unknown_column": (
        "必要な列なら、レイヤーへの追加を所管課に相談してください。",
        "If it is needed, ask the layer's department to add a field.",
    ),
    "value_overflow": (
        "桁あふれした値を元の資料から入れ直してください。",
        "Enter the values again from their source.",
    ),
    "wrong_value": (
        "型に合う値に直してください（数値・日付など）。",
        "Correct the values to the field's type (number, date …).",
    ),
}


def advice_for(code: str) -> tuple[str | None, str | None]:
    """What may be done about a problem, in Japanese and English; nothing where its own sentence says so."""
    return ADVICE.get(code, (None, None))
