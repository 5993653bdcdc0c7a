"""TeX in a page, $...$ and $$...$$, becomes MathML when the site is built: browsers draw it without
a script."""

import html
import re

from latex2mathml.converter import convert

INLINE = re.compile(r'<span class="arithmatex">\\\((.+?)\\\)</span>', re.S)
DISPLAY = re.compile(r'<div class="arithmatex">\s*\\\[(.+?)\\\]\s*</div>', re.S)


def on_page_content(content, **_):
    content = DISPLAY.sub(
        lambda tex: f'<div class="equation">{_mathml(tex, "block")}</div>', content
    )
    return INLINE.sub(lambda tex: _mathml(tex, "inline"), content)


def _mathml(tex, display):
    # The converter knows ``aligned`` by the name of the environment that stands alone.
    source = html.unescape(tex[1]).replace("{aligned}", "{align*}").strip()
    return convert(source, display=display)
