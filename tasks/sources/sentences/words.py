"""Word lists of the sentence tasks; our own, and small enough to read."""

from __future__ import annotations

MEN = ("Tom", "Paul", "James", "Peter", "Daniel", "Mark", "Henry", "Oscar", "Simon", "Felix")
WOMEN = ("Anna", "Clara", "Emma", "Julia", "Laura", "Maria", "Nora", "Sarah", "Helen", "Ruth")

NOUNS = (
    ("dog", "dogs"),
    ("cat", "cats"),
    ("teacher", "teachers"),
    ("doctor", "doctors"),
    ("farmer", "farmers"),
    ("singer", "singers"),
    ("pilot", "pilots"),
    ("child", "children"),
    ("neighbour", "neighbours"),
    ("painter", "painters"),
    ("sailor", "sailors"),
    ("student", "students"),
)
"""(singular, plural)"""

INTRANSITIVE = (
    ("sleeps", "sleep"),
    ("smiles", "smile"),
    ("waits", "wait"),
    ("sings", "sing"),
    ("works", "work"),
    ("travels", "travel"),
    ("complains", "complain"),
    ("returns", "return"),
)
"""(third person singular, plural)"""

PREPOSITIONS = ("near", "behind", "beside", "opposite", "next to", "in front of")
REFLEXIVE = ("admired", "hurt", "blamed", "saw", "praised", "washed")
ADVERBS = ("often", "rarely", "quietly", "usually", "sometimes", "always")
PLAIN_ADJECTIVES = ("old", "young", "tall", "tired", "famous", "careful", "busy", "lonely")
PLACES = (
    "garden",
    "station",
    "kitchen",
    "market",
    "library",
    "harbour",
    "park",
    "office",
    "bakery",
    "museum",
    "castle",
    "school",
    "valley",
    "chapel",
)

GOOD = ("good", "wonderful", "excellent", "charming", "brilliant", "pleasant", "superb", "lovely")
BAD = ("bad", "terrible", "awful", "boring", "dreadful", "horrible", "poor", "disappointing")
REVIEWED = (
    "film",
    "hotel",
    "meal",
    "concert",
    "novel",
    "trip",
    "show",
    "lecture",
    "museum",
    "room",
)
"""Nouns that take a plural s."""

KINDS = (
    ("poodle", "dog"),
    ("terrier", "dog"),
    ("sparrow", "bird"),
    ("robin", "bird"),
    ("rose", "flower"),
    ("tulip", "flower"),
    ("doll", "toy"),
    ("puzzle", "toy"),
    ("hammer", "tool"),
    ("wrench", "tool"),
    ("birch", "tree"),
    ("pine", "tree"),
    ("shark", "fish"),
    ("salmon", "fish"),
    ("shirt", "garment"),
    ("coat", "garment"),
)
"""(kind, what every one of that kind is)"""

TRANSITIVE = (
    ("praised", "praised"),
    ("followed", "followed"),
    ("invited", "invited"),
    ("helped", "helped"),
    ("called", "called"),
    ("blamed", "blamed"),
    ("thanked", "thanked"),
    ("visited", "visited"),
    ("warned", "warned"),
    ("paid", "paid"),
)
"""(past, participle)"""

TOPICS = (
    ("match", "goalkeeper", "tournament", "referee", "stadium", "striker", "league", "penalty"),
    ("recipe", "oven", "sauce", "pastry", "soup", "spice", "dough", "roast"),
    ("verdict", "judge", "lawsuit", "contract", "trial", "jury", "lawyer", "appeal"),
    ("melody", "orchestra", "guitar", "choir", "concerto", "rhythm", "piano", "album"),
)
"""sport, cooking, law, music"""

SYNONYMS = {
    "agent": (
        ("doctor", "physician"),
        ("child", "kid"),
        ("teacher", "instructor"),
        ("writer", "author"),
        ("policeman", "officer"),
        ("thief", "robber"),
        ("sailor", "seaman"),
        ("salesman", "seller"),
    ),
    "action": (
        ("helped", "assisted"),
        ("phoned", "called"),
        ("frightened", "scared"),
        ("watched", "observed"),
        ("answered", "replied to"),
        ("selected", "chose"),
        ("annoyed", "irritated"),
        ("rescued", "saved"),
    ),
    "place": (
        ("in the garden", "in the yard"),
        ("at the shop", "at the store"),
        ("near the forest", "near the woods"),
        ("on the boat", "on the ship"),
        ("at the airport", "at the airfield"),
        ("in the cellar", "in the basement"),
        ("on the street", "on the road"),
        ("by the sea", "by the ocean"),
    ),
}
"""Pairs of words for one meaning, by role."""

TRAITS = (
    ("beat", "lost to", ("quick", "strong", "skilful"), ("slow", "weak", "clumsy")),
    ("lent money to", "borrowed money from", ("rich", "wealthy"), ("poor", "broke")),
    ("taught", "learned from", ("experienced", "expert"), ("inexperienced", "untrained")),
    ("comforted", "cried in front of", ("calm", "cheerful"), ("upset", "sad")),
    ("defended", "hid behind", ("brave", "fearless"), ("scared", "frightened")),
    ("carried", "leaned on", ("healthy", "fit"), ("injured", "exhausted")),
)
"""(verb of the one who has the trait, its converse, traits, opposite traits)"""

COUNTED = ("coins", "books", "stamps", "apples", "marbles", "tickets", "shells", "postcards")
