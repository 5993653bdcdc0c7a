"""Words that several sentences share."""


def with_article(noun: str) -> str:
    """A noun with its indefinite article: a 7, an 8, an Ankle boot, a Bag."""
    return f"an {noun}" if noun[0] in "8AEIOaeio" else f"a {noun}"
