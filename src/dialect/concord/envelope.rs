//! What stands around the records of a list: Laravel's resource collection, and its numbers once more at the top. Links keep the other parameters.
//! [convention]

use crate::wire::query::Query;
use serde_json::{Value, json};
use std::fmt::Write;

/// Pages that are shown on either side of the one that is asked for, and pages up to which all are shown.
const EACH_SIDE: i64 = 3;
const ALL_SHOWN_MAX: i64 = EACH_SIDE * 2 + 7;

pub struct Pages<'p> {
    /// The list's own address, without a query.
    pub path: &'p str,
    pub query: &'p Query,
    pub page: i64,
    pub per_page: i64,
    pub total: i64,
    /// Records of this page.
    pub rows: i64,
}

impl Pages<'_> {
    /// What stands behind `{"data":[…]`.
    pub fn end(&self) -> String {
        let last = self.last();
        let (first_url, last_url) = (self.url(1), self.url(last));
        let (previous, next) = (self.when(self.page > 1, self.page - 1), self.when(self.page < last, self.page.saturating_add(1)));
        let (from, to) = self.bounds();
        let meta = json!({
            "current_page": self.page, "from": from, "last_page": last, "links": self.buttons(last, &previous, &next),
            "path": self.path, "per_page": self.per_page, "to": to, "total": self.total,
        });
        let end = json!({
            "links": {"first": first_url, "last": last_url, "prev": previous, "next": next}, "meta": meta,
            "current_page": self.page, "per_page": self.per_page, "total": self.total, "last_page": last, "from": from, "to": to,
            "next_page_url": next, "prev_page_url": previous,
        });
        format!(",{}", end.to_string().trim_start_matches('{'))
    }

    fn last(&self) -> i64 {
        ((self.total + self.per_page - 1) / self.per_page).max(1)
    }

    fn bounds(&self) -> (Value, Value) {
        if self.rows == 0 {
            return (Value::Null, Value::Null);
        }
        let before = (self.page - 1).saturating_mul(self.per_page);
        (Value::from(before + 1), Value::from(before + self.rows))
    }

    fn when(&self, is_there: bool, page: i64) -> Value {
        if is_there { Value::from(self.url(page)) } else { Value::Null }
    }

    fn url(&self, page: i64) -> String {
        let mut url = format!("{}?", self.path);
        for (name, value) in self.query.pairs().iter().filter(|(name, _)| name != "page") {
            push_encoded(&mut url, name);
            url.push('=');
            push_encoded(&mut url, value);
            url.push('&');
        }
        format!("{url}page={page}")
    }

    fn buttons(&self, last: i64, previous: &Value, next: &Value) -> Vec<Value> {
        let button = |url: Value, label: String, is_active: bool| json!({"url": url, "label": label, "active": is_active});
        let mut buttons = vec![button(previous.clone(), "&laquo; Previous".to_owned(), false)];
        for page in self.shown(last) {
            buttons.push(match page {
                Some(page) => button(Value::from(self.url(page)), page.to_string(), page == self.page),
                None => button(Value::Null, "...".to_owned(), false),
            });
        }
        buttons.push(button(next.clone(), "Next &raquo;".to_owned(), false));
        buttons
    }

    /// The pages that have a button; `None` where some are left out.
    fn shown(&self, last: i64) -> Vec<Option<i64>> {
        let near = EACH_SIDE + 4;
        let ranges = if last <= ALL_SHOWN_MAX {
            vec![1..=last]
        } else if self.page <= near {
            vec![1..=near + EACH_SIDE, last - 1..=last]
        } else if self.page > last - near {
            vec![1..=2, last - (near + EACH_SIDE - 1)..=last]
        } else {
            vec![1..=2, self.page - EACH_SIDE..=self.page + EACH_SIDE, last - 1..=last]
        };
        let mut shown = Vec::new();
        for (at, range) in ranges.into_iter().enumerate() {
            shown.extend((at > 0).then_some(None));
            shown.extend(range.map(Some));
        }
        shown
    }
}

/// For a query string: letters, digits and `-._~` stay.
fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn parsed(end: &str) -> Map<String, Value> {
        serde_json::from_str(&format!("{{\"data\":[]{end}")).expect("JSON")
    }

    fn pages(query: &Query, page: i64, total: i64, rows: i64) -> Pages<'_> {
        Pages { path: "http://h/api/contacts", query, page, per_page: 15, total, rows }
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let query = Query::parse("q=a%20b&page=9&order=name|desc").expect("good");
        let end = parsed(&pages(&query, 2, 40, 15).end());
        assert_eq!(end["links"]["next"], "http://h/api/contacts?q=a%20b&order=name%7Cdesc&page=3");
        assert_eq!(end["links"]["prev"], end["prev_page_url"]);
        assert_eq!((&end["meta"]["from"], &end["meta"]["to"], &end["last_page"]), (&json!(16), &json!(30), &json!(3)));
        let labels: Vec<&str> = end["meta"]["links"].as_array().expect("a list").iter().filter_map(|link| link["label"].as_str()).collect();
        assert_eq!(labels, ["&laquo; Previous", "1", "2", "3", "Next &raquo;"]);
    }

    #[test]
    fn an_empty_list_has_one_page_and_no_bounds() {
        let query = Query::default();
        let end = parsed(&pages(&query, 1, 0, 0).end());
        assert_eq!(
            (&end["from"], &end["to"], &end["last_page"], &end["links"]["next"]),
            (&Value::Null, &Value::Null, &json!(1), &Value::Null)
        );
        let end = parsed(&pages(&query, 9, 20, 0).end());
        assert_eq!(
            (&end["current_page"], &end["links"]["prev"], &end["links"]["next"]),
            (&json!(9), &json!("http://h/api/contacts?page=8"), &Value::Null)
        );
    }

    #[test]
    fn of_many_pages_some_are_left_out() {
        let query = Query::default();
        let shown = |page: i64| {
            let shown = pages(&query, page, 300, 15).shown(20);
            shown.into_iter().map(|page| page.map_or("...".to_owned(), |page| page.to_string())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(1), "1 2 3 4 5 6 7 8 9 10 ... 19 20");
        assert_eq!(shown(10), "1 2 ... 7 8 9 10 11 12 13 ... 19 20");
        assert_eq!(shown(19), "1 2 ... 11 12 13 14 15 16 17 18 19 20");
        assert_eq!(pages(&query, 1, 195, 15).shown(13).len(), 13);
    }
}
