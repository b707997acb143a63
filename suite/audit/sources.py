"""Where an audit looks for what records are checked against."""

from __future__ import annotations

from dataclasses import dataclass

from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import dial_of, played_on, track_of
from seesaw.tasks.catalogue import get_track, turned
from seesaw.tasks.track import Track


@dataclass(frozen=True)
class Sources:
    """A track file for records of no track of ours, a folder of data, a folder of weights."""

    track: Track | None = None
    data: str = ""
    weights: str = ""

    def track_of(self, record: Record) -> Track:
        """The track a record was made on.

        Raises:
            UnknownTrack: it is neither one of ours nor the one given.
            TrackError: its file does not describe a track.
        """
        slug, own = record.spec.track, self.track
        if own is None or own.slug != track_of(slug):
            return get_track(played_on(slug))
        dial = dial_of(slug)
        return own if dial is None else turned(own, dial)
