"""What talks are about: words of twelve domains."""

from __future__ import annotations

_WORDS = {
    "sport": "match goalkeeper tournament referee stadium striker league penalty sprint marathon "
    "trophy coach wrestling goal athlete cricket tennis batsman hurdles medal boxing javelin "
    "gymnastics relay",
    "cooking": "recipe oven sauce pastry soup spice dough roast stew frying gravy casserole "
    "seasoning omelette saucepan marinade garnish pancakes baking whisk broth dessert grill "
    "dumplings",
    "law": "verdict judge lawsuit contract trial jury lawyer appeal statute bail prosecutor "
    "testimony witness sentence courtroom plaintiff injunction clause attorney conviction "
    "custody affidavit acquittal barrister",
    "music": "melody orchestra guitar choir concerto rhythm piano album symphony drummer chorus "
    "violin opera ballad soprano harmony trumpet quartet composer tempo lullaby cello conductor "
    "sonata",
    "medicine": "surgery vaccine diagnosis nurse fever symptom antibiotic clinic tumour "
    "prescription surgeon infection bandage injection patient therapy allergy fracture "
    "anaesthetic ulcer pharmacy dose epidemic stethoscope",
    "money": "mortgage loan interest dividend bank currency inflation savings shares investor "
    "bankruptcy credit deposit stockbroker budget taxes pension profit debt invoice payment "
    "bonds wages salary",
    "weather": "rainfall thunderstorm forecast hurricane drizzle sunshine fog blizzard frost "
    "drought humidity lightning hail tornado breeze snowfall heatwave clouds temperature gale "
    "monsoon sleet rainbow barometer",
    "army": "soldier battle general troops invasion regiment artillery siege infantry barracks "
    "ceasefire bomb sergeant tank ambush missile trench cavalry warfare grenade rifle colonel "
    "battalion cannon",
    "religion": "prayer priest sermon bishop temple gospel pilgrimage monk worship baptism "
    "scripture monastery mosque faith saint prophet altar hymn rabbi blessing convent heaven "
    "cathedral salvation",
    "computers": "software keyboard database browser programmer laptop server algorithm website "
    "virus hardware download password processor spreadsheet email compiler internet screen file "
    "router modem printer network",
    "farming": "harvest tractor wheat plough barn cattle orchard fertiliser crops livestock "
    "irrigation hay pasture sowing sheep seeds greenhouse dairy farmland poultry manure "
    "threshing meadow soil",
    "school": "homework teacher exam classroom pupil textbook lesson headmaster university "
    "scholarship essay blackboard graduation professor kindergarten curriculum spelling "
    "semester diploma lecture algebra tutor dictation campus",
}
DOMAINS = tuple(tuple(words.split()) for words in _WORDS.values())
DOMAIN_NAMES = tuple(_WORDS)
