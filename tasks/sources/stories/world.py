"""The words of the world that stories are about, and what is known of them."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


NAMES = words("anna ben carl dora emil fred gina hugo ida jack kate leo mona nick olga paul")
THINGS = words("ball cup book key hat coin ring lamp doll drum kite pen bell rope shoe map")
PLACES = words("garden kitchen school park shop barn tower cellar attic harbour forest station")
COLOURS = words("red blue green black white brown grey pink")
OPPOSITES = (
    ("big", "small"), ("hot", "cold"), ("old", "young"), ("fast", "slow"), ("wet", "dry"),
    ("hard", "soft"), ("loud", "quiet"), ("rich", "poor"), ("tall", "short"), ("light", "dark"),
    ("full", "empty"), ("clean", "dirty"), ("happy", "sad"), ("early", "late"), ("thick", "thin"),
    ("wide", "narrow"), ("strong", "weak"), ("near", "far"),
)  # fmt: skip
OPPOSITE = {**dict(OPPOSITES), **{b: a for a, b in OPPOSITES}}
KINDS = {
    "animal": words("dog cat horse cow sheep goat duck hen"),
    "fruit": words("apple pear plum cherry lemon grape melon"),
    "tool": words("hammer saw axe spade rake knife brush"),
    "garment": words("coat scarf glove shirt sock skirt belt"),
    "vehicle": words("car bus train ship cart truck boat"),
}
YOUNG = {
    "dog": "puppy", "cat": "kitten", "horse": "foal", "cow": "calf", "sheep": "lamb",
    "goat": "kid", "duck": "duckling", "hen": "chick",
}  # fmt: skip
MAKERS = {
    "bread": "baker", "shoes": "cobbler", "clothes": "tailor", "pots": "potter",
    "houses": "builder", "chairs": "carpenter", "paintings": "painter", "songs": "singer",
}  # fmt: skip
VERBS = words("sees likes finds follows calls helps paints hears")
ADJECTIVES = words("big small old young happy sad rich poor fast slow")
ANIMALS = KINDS["animal"]
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")

VELO = {
    "the": "lo", "dog": "barun", "cat": "mivo", "horse": "kelta", "cow": "domu", "sheep": "wela",
    "goat": "zigo", "duck": "paki", "hen": "tuli", "big": "gorda", "small": "pini", "old": "santu",
    "young": "neku", "happy": "luma", "sad": "drova", "rich": "orin", "poor": "basku",
    "fast": "tirel", "slow": "lenda", "sees": "okar", "likes": "amor", "finds": "trovi",
    "follows": "sekul", "calls": "vokal", "helps": "adjun", "paints": "piktar", "hears": "audir",
}  # fmt: skip
"""The made-up language, word by word."""


def velo(sentence: list[str]) -> list[str]:
    """An English sentence (article, adjectives, noun, verb, article, adjectives, noun) in Velo.

    Its grammar: no articles, adjectives after their noun, the verb last, and `-n` on the noun that
    something is done to.
    """
    verb = next(index for index, word in enumerate(sentence) if word in VERBS)
    (_, *own, who), (_, *other, whom) = sentence[:verb], sentence[verb + 1 :]
    named = [who, *own, whom, *other, sentence[verb]]
    return [VELO[word] + ("n" if place == 1 + len(own) else "") for place, word in enumerate(named)]
