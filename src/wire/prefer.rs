//! `Prefer` (RFC 7240): how much of an answer a client wants. What is not known is passed over, as the standard says.

use super::reply;
use rouille::{Request, Response};

/// The answer to a write for a client that wants to hear no more than that it is done: `Prefer: return=minimal`. Its headers stay.
pub fn answered(request: &Request, response: Response) -> Response {
    if !wants_minimal(request) {
        return response;
    }
    let kept = response.headers.into_iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Type")).collect();
    Response { headers: kept, ..reply::empty(204) }.with_additional_header("Preference-Applied", "return=minimal")
}

fn wants_minimal(request: &Request) -> bool {
    let lines = request.headers().filter(|(name, _)| name.eq_ignore_ascii_case("Prefer")).map(|(_, value)| value);
    let words = lines.flat_map(|line| line.split([',', ';']));
    // Of several the first counts.
    let mut returns = words.filter_map(|word| word.split_once('=')).filter(|(name, _)| name.trim().eq_ignore_ascii_case("return"));
    returns.next().is_some_and(|(_, value)| value.trim().trim_matches('"').eq_ignore_ascii_case("minimal"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimal_is_wanted_only_by_its_name() {
        for (prefer, is_wanted) in [
            ("return=minimal", true),
            ("respond-async, Return = \"minimal\"; foo", true),
            ("return=representation", false),
            ("return=representation, return=minimal", false),
            ("minimal", false),
            ("", false),
        ] {
            let headers = vec![("prefer".to_owned(), prefer.to_owned())];
            assert_eq!(wants_minimal(&Request::fake_http("POST", "/", headers, Vec::new())), is_wanted, "{prefer}");
        }
    }
}
