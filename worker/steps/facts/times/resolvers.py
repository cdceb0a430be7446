"""The functions that the tables of rules name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times import lengths, relative, story, weekdays, written, years

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.steps.facts.times.context import Reading
    from worker.steps.facts.times.periods import Period

# What looks like a time and is none ("a 24-year-old"): it is passed over.
NOTHING = "nothing"

RESOLVERS: Mapping[str, Callable[[Reading], Period | None]] = {
    function.__name__: function
    for function in (
        written.iso_date,
        written.numeric_date,
        written.day_of_month,
        written.day_after_day,
        written.day_of_shifted_year,
        written.day_of_shifted_month,
        written.named_day,
        written.day_range,
        written.month_of_year,
        written.month_of_shifted_year,
        written.month_of_story_year,
        written.month_shifted,
        written.month,
        written.week_of_month,
        years.season_of_year,
        years.season_of_shifted_year,
        years.season_shifted,
        years.season,
        years.quarter_of_year,
        years.quarter,
        years.year_ago_quarter,
        years.half,
        years.half_of_year,
        years.year_of_period,
        years.year,
        years.year_named,
        years.year_short,
        years.first_of_years,
        years.second_of_years,
        years.decade,
        years.century,
        written.holiday_day,
        written.week_of_day,
        written.night_of_days,
        weekdays.weekday,
        weekdays.night_of_weekdays,
        weekdays.weekday_shifted,
        weekdays.weekday_of_week,
        weekdays.weekday_day,
        weekdays.nth_weekday_of_month,
        relative.deictic_day,
        relative.this_part,
        relative.tonight,
        relative.last_night,
        relative.overnight,
        relative.ago,
        relative.ago_day,
        relative.years_ago_month,
        weekdays.weeks_ago_weekday,
        relative.from_now,
        relative.in_future,
        story.later,
        story.earlier,
        relative.unit_shifted,
        relative.unit_current,
        relative.unit_before_last,
        relative.unit_after_next,
        relative.weekend,
        story.next_in_story,
        story.before_in_story,
        story.same_in_story,
        story.same_of_year,
        story.part_in_story,
        story.year_ago,
        story.latest_quarter,
        story.the_quarter,
        story.quarter_ended,
        story.before_that,
        story.following_month,
        story.following_weekday,
        story.month_quarter,
        story.rest_of_year,
        relative.full_year,
        relative.year_end,
        lengths.duration,
        lengths.span_of_units,
        lengths.these_units,
        lengths.over_units,
        lengths.weekday_set,
        lengths.set_of_units,
        lengths.set_named,
        lengths.vague,
        lengths.clock,
    )
}
