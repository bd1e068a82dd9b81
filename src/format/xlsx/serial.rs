//! Days and times in a spreadsheet: numbers that only their format makes a date of. Counted in days; which day is the first is the workbook's business.

use calamine::{ExcelDateTime, NumberFormat};
use jiff::civil;

/// What a format shows of a number of days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Format {
    shows_day: bool,
    shows_time: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// `2024-12-31`.
    Day(String),
    /// A moment `2024-12-31T18:30:00Z`, a time `18:30:00`, or what it is.
    Text(String),
}

/// The end of what spreadsheets count: the day after 9999-12-31.
const DAYS_MAX: f64 = 2_958_466.0;
const DAY_MS: f64 = 86_400_000.0;

impl Format {
    pub fn of(format: Option<&NumberFormat>) -> Self {
        let mut found = Self::default();
        let (mut quoted, mut bracketed, mut skip) = (false, false, false);
        for c in format.map_or("", |format| format.format_code.as_str()).chars() {
            match c {
                _ if skip => skip = false,
                '\\' | '_' | '*' => skip = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '[' => bracketed = true,
                ']' => bracketed = false,
                // Of the first of several formats only; brackets hold colours and places.
                ';' => break,
                'y' | 'Y' | 'd' | 'D' if !bracketed => found.shows_day = true,
                'h' | 'H' | 's' | 'S' if !bracketed => found.shows_time = true,
                _ => {}
            }
        }
        found
    }
}

/// `None` for a number that is no date.
pub fn read(at: &ExcelDateTime, format: Format) -> Option<Read> {
    let days = at.as_f64();
    if at.is_duration() {
        return days.is_finite().then(|| Read::Text(duration(days)));
    }
    if !(0.0..DAYS_MAX).contains(&days) {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let time =
        civil::Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, i32::from(milli) * 1_000_000)
            .ok()?;
    if days < 1.0 && format.shows_time && !format.shows_day {
        return Some(Read::Text(time.to_string()));
    }
    let date = civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let is_midnight = time == civil::Time::midnight();
    Some(if is_midnight && !format.shows_time { Read::Day(date.to_string()) } else { Read::Text(format!("{}Z", date.to_datetime(time))) })
}

/// A cell that holds its date as a text.
pub fn read_iso(text: &str) -> Read {
    if text.len() == 10 && text.parse::<civil::Date>().is_ok() {
        return Read::Day(text.to_owned());
    }
    match text.parse::<civil::DateTime>() {
        Ok(at) if text.contains('T') && !text.ends_with(['Z', 'z']) => Read::Text(format!("{at}Z")),
        _ => Read::Text(text.to_owned()),
    }
}

/// `26:30:00`, and `-1:00:00`.
fn duration(days: f64) -> String {
    let all_ms = (days.abs() * DAY_MS).round();
    let (seconds, milli) = ((all_ms / 1_000.0).floor(), all_ms % 1_000.0);
    let sign = if days < 0.0 && all_ms > 0.0 { "-" } else { "" };
    let text = format!("{sign}{:.0}:{:02.0}:{:02.0}", (seconds / 3_600.0).floor(), ((seconds % 3_600.0) / 60.0).floor(), seconds % 60.0);
    if milli > 0.0 { format!("{text}.{milli:03.0}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    fn shown(days: f64, code: &str, is_1904: bool) -> Option<Read> {
        let mut format = NumberFormat::default();
        format.format_code = code.to_owned();
        let kind = if code.starts_with("[h") { ExcelDateTimeType::TimeDelta } else { ExcelDateTimeType::DateTime };
        read(&ExcelDateTime::new(days, kind, is_1904), Format::of(Some(&format)))
    }

    #[test]
    fn a_number_is_read_as_its_format_shows_it() {
        let text = |text: &str| Some(Read::Text(text.to_owned()));
        let day = |text: &str| Some(Read::Day(text.to_owned()));
        for (days, code, is_1904, wanted) in [
            (45_292.0, "yyyy-mm-dd", false, day("2024-01-01")),
            (45_292.0, "mm-dd-yy", false, day("2024-01-01")),
            (43_830.0, "d.m.yyyy", true, day("2024-01-01")),
            (0.0, "yyyy-mm-dd", true, day("1904-01-01")),
            (1.0, "yyyy-mm-dd", false, day("1900-01-01")),
            (59.0, "yyyy-mm-dd", false, day("1900-02-28")),
            (60.0, "yyyy-mm-dd", false, None),
            (61.0, "yyyy-mm-dd", false, day("1900-03-01")),
            (2_958_465.0, "yyyy-mm-dd", false, day("9999-12-31")),
            (2_958_466.0, "yyyy-mm-dd", false, None),
            (-1.0, "yyyy-mm-dd", false, None),
            (45_292.5, "yyyy-mm-dd", false, text("2024-01-01T12:00:00Z")),
            (45_292.0, "m/d/yy h:mm", false, text("2024-01-01T00:00:00Z")),
            (45_292.0, "[$-407]d. mmmm yyyy", false, day("2024-01-01")),
            (0.75, "h:mm", false, text("18:00:00")),
            (1.5, "[h]:mm:ss", false, text("36:00:00")),
            (-0.5, "[h]:mm", false, text("-12:00:00")),
        ] {
            assert_eq!(shown(days, code, is_1904), wanted, "{days} as {code}");
        }
    }

    #[test]
    fn a_date_that_is_written_out_is_read_as_it_stands() {
        for (iso, wanted) in [
            ("2024-01-31", Read::Day("2024-01-31".to_owned())),
            ("2024-01-31T10:00:00", Read::Text("2024-01-31T10:00:00Z".to_owned())),
            ("2024-01-31T10:00:00Z", Read::Text("2024-01-31T10:00:00Z".to_owned())),
            ("soon", Read::Text("soon".to_owned())),
        ] {
            assert_eq!(read_iso(iso), wanted);
        }
    }
}
