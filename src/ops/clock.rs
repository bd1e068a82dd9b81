//! What the clock says, in the forms in which filters ask for it: `@today`, `@month_start`. All in UTC.

use super::ctx::moment_at;
use crate::model::expr::Clock;
use crate::model::time::Moment;

const DAY_SECONDS: i64 = 24 * 3_600;

/// Digits, `YYYY-MM-DD` or RFC 3339 with `Z`.
pub fn reading(now: &Moment, clock: Clock) -> String {
    let today = now.epoch_seconds.div_euclid(DAY_SECONDS);
    let part = |from: usize, to: usize| now.text.get(from..to).unwrap_or_default();
    let (year, month) = (part(0, 4), part(0, 7));
    // Without the zero before it.
    let number = |digits: &str| digits.parse::<u32>().unwrap_or_default().to_string();
    match clock {
        Clock::Now => now.text.clone(),
        Clock::Today => day(today),
        Clock::Yesterday => day(today - 1),
        Clock::Tomorrow => day(today + 1),
        Clock::TodayStart => begin(&day(today)),
        Clock::TodayEnd => end(&day(today)),
        Clock::MonthStart => begin(&format!("{month}-01")),
        Clock::MonthEnd => end(&day(last_of_month(today))),
        Clock::YearStart => begin(&format!("{year}-01-01")),
        Clock::YearEnd => end(&format!("{year}-12-31")),
        Clock::Second => number(part(17, 19)),
        Clock::Minute => number(part(14, 16)),
        Clock::Hour => number(part(11, 13)),
        Clock::Day => number(part(8, 10)),
        // The first of 1970 was a Thursday; Sunday is 0.
        Clock::Weekday => (today + 4).rem_euclid(7).to_string(),
        Clock::Month => number(part(5, 7)),
        Clock::Year => number(year),
    }
}

fn day(number: i64) -> String {
    moment_at(number * DAY_SECONDS).text.chars().take(10).collect()
}

fn begin(day: &str) -> String {
    format!("{day}T00:00:00Z")
}

/// The last moment that a datetime with three digits behind its seconds can name.
fn end(day: &str) -> String {
    format!("{day}T23:59:59.999Z")
}

fn last_of_month(today: i64) -> i64 {
    let month = |number: i64| day(number).chars().take(7).collect::<String>();
    let this = month(today);
    (today..today + 31).take_while(|number| month(*number) == this).last().unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_read_in_every_form() {
        let read = |second: i64, clock| reading(&moment_at(second), clock);
        // 2024-02-28T23:09:05Z, a Wednesday in a leap year.
        let at = 1_709_161_745;
        let said = [
            ("now", "2024-02-28T23:09:05Z"),
            ("today", "2024-02-28"),
            ("yesterday", "2024-02-27"),
            ("tomorrow", "2024-02-29"),
            ("today_start", "2024-02-28T00:00:00Z"),
            ("today_end", "2024-02-28T23:59:59.999Z"),
            ("month_start", "2024-02-01T00:00:00Z"),
            ("month_end", "2024-02-29T23:59:59.999Z"),
            ("year_start", "2024-01-01T00:00:00Z"),
            ("year_end", "2024-12-31T23:59:59.999Z"),
            ("second", "5"),
            ("minute", "9"),
            ("hour", "23"),
            ("day", "28"),
            ("weekday", "3"),
            ("month", "2"),
            ("year", "2024"),
        ];
        assert_eq!(Clock::ALL.map(|(name, clock)| (name, read(at, clock))), said.map(|(name, said)| (name, said.to_owned())));
        // The last second of a year, and the first.
        assert_eq!((read(1_704_067_199, Clock::Tomorrow), read(1_704_067_200, Clock::Hour)), ("2024-01-01".to_owned(), "0".to_owned()));
        assert_eq!(read(1_704_067_199, Clock::MonthEnd), "2023-12-31T23:59:59.999Z");
        assert_eq!(read(1_704_067_200, Clock::Yesterday), "2023-12-31");
    }
}
