//! The runner must be able to fail: conversations that go as written, and some that do not.

use super::show::difference;
use super::*;

const FILE: &str = "\
# A conversation.
### a record is made
POST /records
As: owner

{\"name\": \"Ann\"}

201
Location: /records/{{id=*}}
Set-Cookie: sessionid={{session=*}}; Path=/
!X-Secret
Content-Type: *

{\"id\": \"{{id}}\", \"n\": \"{{n=*}}\", \"made\": \"{{*}}\"}

### it is read back
# with the number kept
GET /records/{{id}}?n={{n}}
Cookie: sessionid={{session}}

200 includes
{\"records\": [{\"n\": \"{{n}}\"}]}

### it is deleted
DELETE /records/{{id}}

204
";

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: vec![("Content-Type".into(), "application/json".into())], body: body.into() }
}

/// A server that answers FILE as expected, and tells what it was asked.
fn good(asked: &mut Vec<Ask>) -> impl FnMut(&Ask) -> Reply {
    |ask| {
        asked.push(ask.clone());
        match ask.method.as_str() {
            "POST" => {
                let mut made = reply(201, r#"{"made": {"at": 1}, "n": 7, "id": "rec_5"}"#);
                made.headers.push(("location".into(), "/records/rec_5".into()));
                made.headers.push(("Set-Cookie".into(), "csrftoken=x".into()));
                made.headers.push(("Set-Cookie".into(), "sessionid=abc; Path=/".into()));
                made
            }
            "GET" => reply(200, r#"{"total": 1, "records": [{"id": "rec_5", "n": 7}]}"#),
            _ => reply(204, ""),
        }
    }
}

#[test]
fn a_conversation_that_goes_as_written_passes() {
    let mut asked = Vec::new();
    let (failures, written) = play("f.http", FILE, &mut good(&mut asked));
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(written, FILE);
    assert_eq!(asked[0].headers, [("As".to_string(), "owner".to_string())]);
    assert_eq!(asked[0].body, b"{\"name\": \"Ann\"}");
    assert_eq!(asked[1].url, "/records/rec_5?n=7");
    assert_eq!(asked[1].headers[0].1, "sessionid=abc");
    assert!(asked[2].body.is_empty());
}

#[test]
fn every_difference_of_a_file_is_told_with_its_line() {
    let (failures, _) = play("f.http", FILE, &mut |ask| match ask.method.as_str() {
        "POST" => reply(400, r#"{"id": "rec_5", "n": 7, "extra": true}"#),
        "GET" => reply(200, r#"{"records": [{"n": 8}]}"#),
        _ => reply(204, "no"),
    });
    assert_eq!(failures.len(), 3);
    assert!(failures[0].starts_with("f.http:8: a record is made\n"), "{}", failures[0]);
    for line in ["- status 201", "+ status 400", "+ Location: (absent)", "-   \"made\": \"{{*}}\"", "+   \"extra\": true"] {
        assert!(failures[0].contains(line), "{line} is not in\n{}", failures[0]);
    }
    assert!(failures[1].contains("+       \"n\": 8"), "{}", failures[1]);
    assert!(failures[2].contains("+ no"), "{}", failures[2]);
}

#[test]
fn update_writes_what_came_and_keeps_what_fits() {
    let mut asked = Vec::new();
    let mut server = good(&mut asked);
    let mut changed = |ask: &Ask| {
        let mut reply = server(ask);
        if ask.method == "POST" {
            reply.body = br#"{"id": "rec_5", "n": 7, "made": 1, "extra": true}"#.to_vec();
        }
        if ask.method == "DELETE" {
            reply = self::reply(409, &format!("{{\"error\": {{\"code\": \"conflict\", \"message\": \"{}\"}}}}", "x".repeat(80)));
        }
        reply
    };
    let (failures, written) = play("f.http", FILE, &mut changed);
    assert_eq!(failures.len(), 2, "{failures:#?}");
    assert!(
        written.contains("{\"id\": \"{{id}}\", \"n\": \"{{n=*}}\", \"made\": \"{{*}}\", \"extra\": true}\n\n### it is read"),
        "{written}"
    );
    assert!(written.contains("409\n\n{\n  \"error\": {\n"), "{written}");
    assert_eq!(play("f.http", &written, &mut changed).0, Vec::<String>::new());
}

fn once(expected: &str, body: &str) -> bool {
    let text = format!("### x\nGET /\n\n200{expected}\n");
    play("f.http", &text, &mut |_| reply(200, body)).0.is_empty()
}

#[test]
fn json_is_compared_as_json() {
    assert!(once("\n{\"a\": 1, \"b\": [1, 2]}", "{\"b\":[1,2],\"a\":1}"));
    assert!(!once("\n{\"a\": 1}", "{\"a\":1.0}"));
    assert!(!once("\n{\"a\": 1}", "{\"a\":1,\"b\":null}"));
    assert!(once(" includes\n{\"a\": {\"b\": 1}}", "{\"a\":{\"b\":1,\"c\":2},\"d\":3}"));
    assert!(!once(" includes\n{\"a\": [1]}", "{\"a\":[1,2]}"));
    assert!(once("\n{\"a\": \"x{{*}}z\"}", "{\"a\":\"xyz\"}") && !once("\n{\"a\": \"x{{*}}z\"}", "{\"a\":\"xy\"}"));
}

#[test]
fn ordered_counts_order_and_spelling() {
    assert!(once("\n\nordered\n{\"a\": 1.0,\n \"b\": \"c d\"}", "{\"a\":1.0,\"b\":\"c d\"}"));
    assert!(!once("\n\nordered\n{\"b\": 2, \"a\": 1}", "{\"a\":1,\"b\":2}"));
    assert!(!once("\n\nordered\n{\"a\": 1.0}", "{\"a\":1.00}"));
    assert!(once("\n\nordered\n{\"a\": 12345678901234567890123}", "{\"a\":12345678901234567890123}"));
}

#[test]
fn text_is_compared_as_text() {
    assert!(once("\n\nname,age\nAnn,{{*}}", "name,age\r\nAnn,33\r\n"));
    assert!(!once("\n\nname,age", "name,age\nAnn,33"));
    assert!(once("\n\n{{*}}", "anything at all") && once("", "") && !once("", "x") && once(" includes", "x"));
}

#[test]
fn a_difference_shows_only_its_neighbourhood() {
    let wanted: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let got = wanted.join("\n").replace("10", "ten");
    assert_eq!(difference(&wanted.join("\n"), &got), "  ...\n  7\n  8\n  9\n- 10\n+ ten\n  11\n  12\n  13");
}
