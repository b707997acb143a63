"""Adjectives by how favourable they are, from 0 to 5."""

from __future__ import annotations

LEVELS = (
    "awful terrible horrible dreadful disgusting appalling atrocious disastrous hideous abysmal "
    "revolting catastrophic unbearable horrendous vile pathetic ghastly repulsive miserable "
    "wretched hopeless shameful intolerable disgraceful",
    "bad poor boring disappointing annoying unpleasant ugly weak tedious tiresome messy shabby "
    "lousy irritating depressing inferior unfriendly tasteless sloppy dreary dirty frustrating "
    "useless overpriced",
    "mediocre ordinary plain average forgettable uneven bland unremarkable dull slow tame dated "
    "lukewarm thin predictable clumsy flat stale shallow confusing cramped drab noisy monotonous",
    "decent fine acceptable agreeable adequate reasonable okay solid passable tidy respectable "
    "tolerable harmless sensible fair sound competent satisfactory useful reliable sufficient "
    "bearable presentable usable",
    "good pleasant charming enjoyable lovely clever lively impressive delightful elegant inviting "
    "warm satisfying likeable entertaining refreshing appealing fresh rewarding engaging "
    "attractive cheerful graceful thoughtful",
    "superb magnificent brilliant wonderful outstanding marvellous perfect fantastic splendid "
    "exceptional flawless stunning breathtaking glorious phenomenal sublime terrific amazing "
    "dazzling exquisite sensational masterful unforgettable spectacular",
)
ADJECTIVES = tuple(tuple(level.split()) for level in LEVELS)
"""By level, 0 awful to 5 superb."""
