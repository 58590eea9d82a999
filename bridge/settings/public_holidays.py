"""Public holidays of countries and regions, from the `holidays` library."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from threading import Lock

_COMPUTING = Lock()


@dataclass(frozen=True)
class PublicHolidays:
    """The public holidays of some regions: a day is one if it is one in any of them.

    A region is a country's ISO 3166-1 code in two letters ("AT"), or that with the code or the name of a part of it
    ("DE-BY"). A country alone has what holds in all of it. Days on which only banks or schools are closed are no
    holidays, and weekends that a country works in exchange for one are not known. Where a law moves a holiday from a
    weekend to a working day, both are. See https://holidays.readthedocs.io/ for countries, codes, and the years that
    are known of each; other years have none. Some holidays that follow the moon are estimates, and their names say so.

    May be used from several threads. Raises `ValueError` for an unknown region, with the nearest known one.
    """

    regions: tuple[str, ...]

    def __post_init__(self) -> None:
        for region in self.regions:
            _check(region)

    def __contains__(self, day: date, /) -> bool:
        return any(day in _year(region, day.year) for region in self.regions)

    def name(self, day: date) -> str:
        """What the holiday is called there, in the language of the country; "" for any other day."""
        names = (_year(region, day.year).get(day, "") for region in self.regions)
        return ", ".join(dict.fromkeys(filter(None, names)))


@cache
def _year(region: str, year: int) -> Mapping[date, str]:
    """The holidays of a year, worked out once."""
    from holidays import country_holidays  # noqa: PLC0415  # slow, so only where it is needed

    country, _, part = region.partition("-")
    # The library is not made for threads, and warns of years it doesn't know: such a year has none.
    with _COMPUTING, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        # Without a language it would be the one of the machine's locale.
        language = country_holidays(country).default_language
        found = country_holidays(
            country, subdiv=part or None, years=year, expand=False, language=language
        )
        return {day: found[day] for day in found}


def _check(region: str) -> None:
    """Raise `ValueError` where the library does not know the region."""
    from holidays import country_holidays, list_supported_countries  # noqa: PLC0415

    country, dash, part = region.partition("-")
    try:
        if len(country) != 2:
            raise NotImplementedError
        known = country_holidays(country)
    except NotImplementedError:
        codes = list_supported_countries(include_aliases=False)
        close = get_close_matches(country.upper(), codes, n=3, cutoff=0.5)
        hint = f"near are {', '.join(close)}" if close else "write it as DE, US-CA or GB-ENG"
        raise ValueError(f"{region!r} begins with no country's code; {hint}") from None
    parts = {one.upper(): one for one in (*known.subdivisions_aliases, *known.subdivisions)}
    if dash and part not in parts.values():
        close = get_close_matches(part.upper(), parts, n=1, cutoff=0.5)
        all_parts = ", ".join(known.subdivisions) or "no parts"
        hint = f"did you mean '{country}-{parts[close[0]]}'?" if close else f"it has {all_parts}"
        raise ValueError(f"{region!r} is no part of {country} that is known; {hint}")
