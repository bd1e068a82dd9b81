//! Days as people write them: which part is the day, the month and the year is for a person to say. Two digits for a year say nothing.

use jiff::civil;

/// In which order the parts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOrder {
    DayFirst,
    MonthFirst,
    YearFirst,
}

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

impl DayOrder {
    pub const ALL: [DayOrder; 3] = [DayOrder::DayFirst, DayOrder::MonthFirst, DayOrder::YearFirst];

    /// Its word behind `date:`.
    pub fn name(self) -> &'static str {
        match self {
            DayOrder::DayFirst => "dmy",
            DayOrder::MonthFirst => "mdy",
            DayOrder::YearFirst => "ymd",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        DayOrder::ALL.into_iter().find(|order| order.name() == name)
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            DayOrder::DayFirst => "day first",
            DayOrder::MonthFirst => "month first",
            DayOrder::YearFirst => "year first",
        }
    }

    /// `03/04/2024`, `3.4.2024`, `2024/04/03`, `04-Mar-2024`, `Mar 4, 2024` as `YYYY-MM-DD`; `None` when the text is no day in this order.
    pub fn read(self, text: &str) -> Option<String> {
        let parts: Vec<&str> = text.split(['/', '.', '-', ' ', ',']).filter(|part| !part.is_empty()).collect();
        let [first, second, third] = parts.as_slice() else { return None };
        let (day, month, year) = match self {
            DayOrder::DayFirst => (first, second, third),
            DayOrder::MonthFirst => (second, first, third),
            DayOrder::YearFirst => (third, second, first),
        };
        let year = year.parse::<i16>().ok().filter(|_| is_number(year, 4..=4))?;
        let day = day.parse::<i8>().ok().filter(|_| is_number(day, 1..=2))?;
        civil::Date::new(year, number_of(month)?, day).ok().map(|date| date.to_string())
    }

    /// `31/12/2024 18:30`, `31.12.2024, 18:30:15`, `12/31/2024 6:30 PM` as `YYYY-MM-DDTHH:MM:SSZ`: a moment of UTC. A day alone is its midnight.
    pub fn read_moment(self, text: &str) -> Option<String> {
        let text = text.trim();
        let Some(colon) = text.find(':') else { return self.read(text).map(|day| format!("{day}T00:00:00Z")) };
        let hour = text.get(..colon)?.rfind([' ', 'T'])?;
        let (day, time) = (text.get(..hour)?.trim_end_matches([' ', ',']), text.get(hour + 1..)?);
        Some(format!("{}T{}Z", self.read(day)?, time_of_day(time)?))
    }
}

/// `18:30`, `18:30:15`, `6:30 PM` as `HH:MM:SS`.
fn time_of_day(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let (clock, shift) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (lower.as_str(), None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (hour, minute, &"0"),
        [hour, minute, second] if is_number(second, 2..=2) => (hour, minute, second),
        _ => return None,
    };
    let hour = hour.parse::<i8>().ok().filter(|_| is_number(hour, 1..=2) && is_number(minute, 2..=2))?;
    let hour = match shift {
        None => hour,
        Some(shift) => (1..=12).contains(&hour).then_some(hour % 12 + shift)?,
    };
    civil::Time::new(hour, minute.parse().ok()?, second.parse().ok()?, 0).ok().map(|time| time.to_string())
}

fn is_number(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A month as a number or by its English name, whole or of three letters.
fn number_of(month: &str) -> Option<i8> {
    if is_number(month, 1..=2) {
        return month.parse().ok();
    }
    let month = month.to_lowercase();
    let at = MONTHS.iter().position(|name| *name == month || (month.len() == 3 && name.starts_with(&month)))?;
    i8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_and_a_time() {
        for (order, text, moment) in [
            (DayOrder::DayFirst, "31.12.2024 18:30", Some("2024-12-31T18:30:00Z")),
            (DayOrder::DayFirst, "31.12.2024, 8:30:15", Some("2024-12-31T08:30:15Z")),
            (DayOrder::DayFirst, "31 Dec 2024 00:00", Some("2024-12-31T00:00:00Z")),
            (DayOrder::MonthFirst, "12/31/2024 6:30 PM", Some("2024-12-31T18:30:00Z")),
            (DayOrder::MonthFirst, "12/31/2024 12:05am", Some("2024-12-31T00:05:00Z")),
            (DayOrder::YearFirst, "2024/12/31T18:30", Some("2024-12-31T18:30:00Z")),
            (DayOrder::DayFirst, "31.12.2024", Some("2024-12-31T00:00:00Z")),
            (DayOrder::DayFirst, "12/31/2024 18:30", None),
            (DayOrder::DayFirst, "31.12.2024 24:00", None),
            (DayOrder::DayFirst, "31.12.2024 13:00 PM", None),
            (DayOrder::DayFirst, "31.12.2024 18:3", None),
            (DayOrder::DayFirst, "31.12.2024 18:30 CET", None),
            (DayOrder::DayFirst, "18:30", None),
            (DayOrder::DayFirst, "", None),
        ] {
            assert_eq!(order.read_moment(text).as_deref(), moment, "{text}");
        }
    }

    #[test]
    fn a_text_is_a_day_in_the_orders_in_which_there_is_such_a_day() {
        let orders = |text: &str| DayOrder::ALL.map(|order| order.read(text));
        let day = |text: &str| Some(text.to_owned());
        for (text, wanted) in [
            ("03/04/2024", [day("2024-04-03"), day("2024-03-04"), None]),
            ("3.4.2024", [day("2024-04-03"), day("2024-03-04"), None]),
            ("13/04/2024", [day("2024-04-13"), None, None]),
            ("04/13/2024", [None, day("2024-04-13"), None]),
            ("2024/04/03", [None, None, day("2024-04-03")]),
            ("04-Mar-2024", [day("2024-03-04"), None, None]),
            ("4 March 2024", [day("2024-03-04"), None, None]),
            ("Mar 4, 2024", [None, day("2024-03-04"), None]),
            ("29.2.2023", [None, None, None]),
            ("03/04/24", [None, None, None]),
            ("1/2", [None, None, None]),
            ("03/04/2024 10:00", [None, None, None]),
            ("", [None, None, None]),
        ] {
            assert_eq!(orders(text), wanted, "{text}");
        }
    }
}
