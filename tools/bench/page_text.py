"""Print the prose of HTML pages: a paragraph, heading or list item to a line, an empty line between them.

Usage: page_text.py FILE...
"""
import html.parser
import sys

BLOCKS = {"p", "li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "div", "section", "td", "th", "tr", "ul", "ol", "dl",
          "table", "blockquote", "body"}
LEFT_OUT = {"script", "style", "head", "nav", "pre"}  # a listing is no prose
LEFT_OUT_CLASSES = {"headerlink", "related", "sphinxsidebar", "footer", "toctree-wrapper"}
EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}  # have no end


class Prose(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.paragraphs, self.words = [], []
        self.open = []  # (name, whether it is left out), outermost first

    def left_out(self):
        return bool(self.open) and self.open[-1][1]

    def end_paragraph(self):
        text = " ".join("".join(self.words).split())
        if text:
            self.paragraphs.append(text)
        self.words = []

    def handle_starttag(self, name, attributes):
        if name in BLOCKS:
            self.end_paragraph()
        if name in EMPTY:
            self.words.append(" ")
            return
        classes = set((dict(attributes).get("class") or "").split())
        self.open.append((name, self.left_out() or name in LEFT_OUT or bool(classes & LEFT_OUT_CLASSES)))

    def handle_endtag(self, name):
        if name in BLOCKS:
            self.end_paragraph()
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth][0] == name:
                del self.open[depth:]
                break

    def handle_data(self, data):
        if not self.left_out():
            self.words.append(data)


def main():
    for path in sys.argv[1:]:
        prose = Prose()
        with open(path, encoding="utf-8") as page:
            prose.feed(page.read())
        prose.close()
        prose.end_paragraph()
        print("\n\n".join(prose.paragraphs), end="\n\n")


main()
