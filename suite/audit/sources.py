"""Where an audit looks for what records are checked against."""

from __future__ import annotations

from dataclasses import dataclass

from seesaw.suite.records.record import Record, played_on
from seesaw.tasks.catalogue import get_track
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
        slug = played_on(record.spec.track)
        return self.track if self.track and self.track.slug == slug else get_track(slug)
