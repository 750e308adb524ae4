"""What the map pages say, in Japanese and English: one table for the templates and the pages' scripts."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # every page
    "system": ("統合型GIS", "City GIS"),
    "all_maps": ("地図の一覧", "All maps"),
    "sign_in": ("職員ログイン", "Staff sign-in"),
    "sign_out": ("ログアウト", "Sign out"),
    "data_uploads": ("データ登録", "Data uploads"),
    "other_lang": ("English", "日本語"),
    "map": ("地図", "Map"),
    "map_keys": (
        "地図。矢印キーで移動、プラスとマイナスで拡大・縮小、エンターで中心の場所を調べます。",
        "Map. Arrow keys move it, plus and minus zoom, Enter asks about the place at the centre.",
    ),
    "zoom_in": ("拡大", "Zoom in"),
    "zoom_out": ("縮小", "Zoom out"),
    "locate": ("現在地を表示", "Show where I am"),
    "legend": ("凡例", "Legend"),
    "sources": ("出典", "Sources"),
    "no_script": (
        "地図を表示するには JavaScript を有効にしてください。",
        "Please switch JavaScript on to see the map.",
    ),
    "no_webgl": (
        "この端末のブラウザーでは地図を描けません。場所の情報は調べられます。",
        "This browser cannot draw the map. You can still ask about places.",
    ),
    "loading": ("調べています…", "Looking it up…"),
    "offline": (
        "通信できませんでした。接続を確かめて、もう一度お試しください。",
        "The server could not be reached. Check the connection and try again.",
    ),
    "failed": (
        "いまは調べられません。しばらくしてからもう一度お試しください。",
        "This cannot be looked up right now. Please try again in a while.",
    ),
    "tiles_failed": (
        "地図の一部を読み込めませんでした。",
        "A part of the map could not be loaded.",
    ),
    "not_located": ("現在地を取得できませんでした。", "Your position could not be found."),
    "outside": ("現在地はこの地図の範囲の外です。", "You are outside the area of this map."),
    "none": ("—", "—"),
    "near": ("{place} 付近", "Near {place}"),
    "north_east": ("北緯 {lat}　東経 {lon}", "{lat} N, {lon} E"),
    # staff
    "departments": ("業務マップ", "Department maps"),
    "layers": ("レイヤー", "Layers"),
    "layers_filter": ("レイヤーを絞り込む", "Filter layers"),
    "layers_none": ("該当するレイヤーはありません。", "No layer of that name."),
    "layer_far": ("拡大すると表示されます。", "Zoom in to see it."),
    "opacity": ("濃さ", "Opacity"),
    "opacity_of": ("{layer}の濃さ", "Opacity of {layer}"),
    "staff_only": ("庁内限り", "Staff only"),
    "department_only": ("{department}のみ", "{department} only"),
    "features": ("選択した地物", "Selected features"),
    "features_hint": (
        "地図をクリックすると、その場所にある地物の属性を表示します。",
        "Click the map to see what lies there.",
    ),
    "features_none": (
        "表示中のレイヤーには、この場所の地物がありません。",
        "The layers shown hold nothing at this place.",
    ),
    "features_count": ("{count} 件", "{count} found"),
    "features_no_layer": (
        "調べるレイヤーがありません。左の一覧で表示してください。",
        "There is no layer to ask. Switch one on in the list.",
    ),
    "reveal": ("個人情報を表示", "Show personal data"),
    "reveal_of": ("{title}を表示", "Show {title}"),
    "clear": ("選択を解除", "Clear the selection"),
    "zoom_to": ("全体を表示", "Zoom to it"),
    "scale": ("縮尺", "Scale"),
    "plane": ("平面直角 第{zone}系", "Plane zone {zone}"),
    "skip_to_panel": ("地図を飛ばして、選択した地物の情報へ", "Skip the map, to the selected features"),
    "visitor": (
        "公開レイヤーだけを表示しています。",
        "Showing public layers only.",
    ),
    "tools": ("地図の道具", "Map tools"),
    "select": ("選択", "Select"),
    "measure": ("計測", "Measure"),
    "measure_hint": (
        "地図をクリックして点を置きます。Backspace で一つ戻り、Esc でやめます。",
        "Click the map to place points. Backspace takes one back, Esc ends.",
    ),
    "measure_length": ("距離", "Length"),
    "measure_area": ("囲んだ面積", "Area enclosed"),
    "measure_undo": ("一つ戻す", "Take one back"),
    "measure_end": ("計測をやめる", "Stop measuring"),
    "measure_plane": (
        "平面直角座標系での値（縮尺係数を含む）",
        "In the plane rectangular system (scale factor included)",
    ),
    # public
    "hazard_map": ("ハザードマップ", "Hazard map"),
    "hazard_about": (
        "洪水の深さ、土砂災害の区域、避難場所を地図で確かめられます。",
        "Flood depths, landslide zones and shelters on a map.",
    ),
    "overlays": ("地図に重ねる情報", "What the map shows"),
    "skip_to_sheet": ("地図を使わずに、この場所の危険を文章で読む", "Skip the map and read about this place"),
    "sheet": ("この場所の災害リスク", "Risks at this place"),
    "sheet_hint_title": ("調べたい場所を押してください", "Tap the place you want to know about"),
    "sheet_hint": (
        "地図を押すと、その場所の浸水の深さや土砂災害の区域がわかります。",
        "Tap the map to see the flood depth and landslide zones there.",
    ),
    "sheet_open": ("詳しい情報を開く", "Open the details"),
    "sheet_close": ("情報をたたむ", "Fold the details"),
    "outside_city": ("市の区域の外です", "Outside the city"),
    "outside_city_more": (
        "この地図には、市内の情報だけがあります。",
        "This map holds what is known inside the city only.",
    ),
    "in_none": ("想定区域の外", "Outside the zones"),
    "found_here": ("この付近にあるもの", "Around here"),
    "as_text": ("文章で読む", "In words"),
    "text_in": ("「{layer}」では、{value}です。", "“{layer}” says: {value}."),
    "text_out": (
        "「{layer}」の区域には入っていません。",
        "It is not in a zone of “{layer}”.",
    ),
    "caution": (
        "想定を超える災害や、地図にない危険もあります。市や気象庁の情報も確かめてください。",
        "Disasters can exceed what the map assumes. Follow the city and the weather agency as well.",
    ),
    # index
    "search": ("場所を探す", "Search for a place"),
    "search_hint": ("住所・施設名・座標", "Address, facility, coordinates"),
    "search_results": ("見つかった場所", "Places found"),
    "search_clear": ("検索を消す", "Clear the search"),
    "search_count": ("{count} 件。上下の矢印キーで選べます。", "{count} places. Choose with the arrow keys."),
    "search_none": ("候補はありません。", "No suggestions."),
    "search_here": ("{label} を表示しました。", "Showing {label}."),
    "index_about": (
        "市の地図と、各課の業務マップの入口です。",
        "The city's maps: the public one and those of the departments.",
    ),
    "for_everyone": ("どなたでも", "For everyone"),
    "layer_count": ("{count} レイヤー", "{count} layers"),
    "needs_right": ("権限のある職員だけが見られます", "for staff with the right to see it"),
    "signed_in": ("{person} としてログイン中", "Signed in as {person}"),
    "not_signed_in": (
        "ログインしていません。公開されているレイヤーだけが見られます。",
        "Not signed in: you see public layers only.",
    ),
}


def words(lang: str) -> dict[str, str]:
    """Every phrase in Japanese (`ja`) or English (anything else); whoever uses one fills its braces."""
    return {key: (ja if lang == "ja" else en) for key, (ja, en) in WORDS.items()}
