"""cmarkgfm: Markdown by a module that stock cffi compiled."""

import cmarkgfm
from cmarkgfm.cmark import Options

TEXT = """# Four bridges

| bridge | backend |
|:--|--:|
| *ctypes* | `rust` |

- [x] done ~~twice~~ https://example.org

<script>alert(1)</script> "quoted" -- and so on … æøå 🌉
"""


def check_html() -> list:
    return [
        cmarkgfm.markdown_to_html(TEXT),
        cmarkgfm.github_flavored_markdown_to_html(TEXT),
        cmarkgfm.markdown_to_html_with_extensions(TEXT, extensions=["table", "strikethrough"]),
    ]


def check_options() -> list:
    return [
        cmarkgfm.github_flavored_markdown_to_html(TEXT, options=options)
        for options in (
            Options.CMARK_OPT_UNSAFE,
            Options.CMARK_OPT_SMART,
            Options.CMARK_OPT_SOURCEPOS,
        )
    ]


def check_a_long_text() -> int:
    return len(cmarkgfm.github_flavored_markdown_to_html(TEXT * 300))
