"""Pairs of words for one meaning, by the role that they play in an event."""

from __future__ import annotations


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    parts = (pair.strip().split("/") for pair in text.split(","))
    return tuple((one, other) for one, other in parts)


PERSONS = _pairs(
    "doctor/physician, child/kid, teacher/instructor, writer/author, policeman/cop, thief/robber, "
    "sailor/seaman, lawyer/attorney, boss/supervisor, baby/infant, butler/manservant, "
    "actor/performer, scientist/researcher, king/monarch, priest/clergyman, woman/lady, "
    "husband/spouse, reporter/journalist, hairdresser/barber, guard/sentry, pilot/aviator, "
    "student/pupil, tourist/sightseer, customer/shopper, friend/pal, enemy/foe, wizard/sorcerer, "
    "clown/jester, singer/vocalist, murderer/killer, soldier/trooper, merchant/trader, "
    "captain/skipper, tailor/dressmaker, drunk/alcoholic, beginner/novice, prisoner/inmate, "
    "monk/friar, beggar/vagrant, neighbour/resident, champion/winner, genius/prodigy, "
    "coward/weakling, spy/agent, fan/admirer, servant/maid, coach/trainer, stranger/outsider"
)
ACTIONS = _pairs(
    "helped/assisted, phoned/called, frightened/scared, watched/observed, picked/selected, "
    "annoyed/irritated, rescued/saved, mocked/ridiculed, praised/commended, hired/employed, "
    "hit/struck, injured/wounded, deceived/tricked, chased/pursued, dismissed/fired, "
    "hugged/embraced, scolded/reprimanded, surprised/astonished, comforted/consoled, "
    "insulted/offended, murdered/killed, admired/respected, hated/detested, loved/adored, "
    "robbed/mugged, captured/caught, freed/liberated, questioned/interrogated, confused/puzzled, "
    "calmed/soothed, attacked/assaulted, defeated/vanquished, amused/entertained, "
    "greeted/welcomed, ignored/disregarded, persuaded/convinced"
)
"""Past tense and participle are the same."""
