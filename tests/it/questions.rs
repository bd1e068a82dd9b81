//! Questions that cannot be answered: every parameter of a list, a search, a report, a write by a filter and a batch, with a name that is not there, a
//! value of another type, too much of it, and what the caller may not know of. Each refusal names the parameter, the byte where there is one, what would
//! do, and the nearest name; what is hidden is refused like what is not there.

use crate::harness::Harness;
use crate::transcript::Ask;
use serde_json::{Value, json};

const APP: &str = "/api/apps/one";

/// `ann` does not see the salaries, nor the table `vault` and what leads there, and of `firms` only some records.
fn world() -> Harness {
    let harness = Harness::crm().with_people(&["ann"]);
    let file = json!({"carryall": 1, "app": {"slug": "one"}, "schemas": [
        {"slug": "vault", "fields": [{"slug": "word", "type": "text"}]},
        {"slug": "firms", "fields": [{"slug": "name", "type": "text"}, {"slug": "owner", "type": "user"}]},
        {"slug": "deals", "display_field": "title", "fields": [
            {"slug": "title", "type": "text"}, {"slug": "amount", "type": "integer"}, {"slug": "salary", "type": "integer"},
            {"slug": "state", "type": "select", "options": ["open", "won"]}, {"slug": "due", "type": "date"},
            {"slug": "owner", "type": "user"}, {"slug": "firm", "type": "reference", "target": "firms"},
            {"slug": "secret", "type": "reference", "target": "vault"}, {"slug": "tags", "type": "multiselect", "options": ["a", "b"]},
            {"slug": "double", "type": "computed", "formula": "salary * 2"}, {"slug": "notes", "type": "json"}]}],
        "roles": [{"slug": "clerk", "schemas": {
            "deals": {"list": true, "read": true, "create": true, "update": true, "delete": true, "export": true, "fields": {"salary": {"readable": false}}},
            "firms": {"list": true, "read": "owner = @me"}}}],
        "records": {"deals": [{"title": "one", "amount": 1, "salary": 9, "state": "open"}, {"title": "two", "amount": 2, "salary": 8, "state": "won"}]}});
    harness.apply(&file.to_string(), false, false).unwrap();
    let grant = json!({"user": "ann@example.com", "app": "one", "role": "clerk"}).to_string();
    assert_eq!(harness.ask("POST", "/api/workspaces/default/grants", &grant).0, 200);
    assert_eq!(harness.ask("GET", &format!("{APP}/search?q=one"), "").0, 200);
    harness
}

fn ask(harness: &Harness, who: &str, method: &str, url: &str, body: &str) -> (u16, Value) {
    let headers = vec![("As".to_owned(), who.to_owned())];
    let url: String = url.chars().map(|letter| if letter == ' ' { '+' } else { letter }).collect();
    let reply = harness.answer(&Ask { method: method.to_owned(), url, headers, body: body.as_bytes().to_vec() });
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// What is wrong: the query, and what the refusal must say: the parameter, the byte, words of the message or of the hint.
type Row<'r> = (&'r str, &'r str, Option<u64>, &'r str);

/// Everything that is not as it should be about the refusals of one route.
fn judged(harness: &Harness, who: &str, method: &str, path: &str, rows: &[Row<'_>]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (query, parameter, position, word) in rows {
        let url = if query.is_empty() { format!("{APP}{path}") } else { format!("{APP}{path}?{query}") };
        let short: String = query.chars().take(80).collect();
        wrong.extend(
            judge(&ask(harness, who, method, &url, ""), parameter, *position, word)
                .map(|why| format!("{who} {method} {path} {short}\n    {why}")),
        );
    }
    wrong
}

fn judge((status, answer): &(u16, Value), parameter: &str, position: Option<u64>, word: &str) -> Option<String> {
    let error = &answer["error"];
    let first = error.get("details").map_or(error, |details| &details[0]);
    let is_told = error["field"].as_str() == Some(parameter) && first["position"].as_u64() == position && first.to_string().contains(word);
    let text: String = answer.to_string().chars().take(600).collect();
    (*status != 400 || !is_told).then(|| format!("{parameter} {position:?} {word:?} is wanted: {status} {text}"))
}

fn settle(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} refusals do not teach:\n{}", wrong.len(), wrong.join("\n"));
}

/// Filters that are refused, wherever they stand.
fn filters(long: &str, deep: &str) -> Vec<(String, Option<u64>, String)> {
    [
        ("amuont > 1", Some(0), "Did you mean 'amount'?"),
        ("amount > 1 %26%26 titel = 'x'", Some(14), "Did you mean 'title'?"),
        ("firm.nam = 'x'", Some(5), "Did you mean 'name'?"),
        ("amount > 'x'", Some(9), ""),
        ("amount ~ 3", Some(0), ""),
        ("state = 'opne'", Some(8), "Did you mean 'open'?"),
        ("due > '1.1.2020'", Some(6), "YYYY-MM-DD"),
        ("uper(title) = 'X'", Some(0), "Did you mean 'upper'?"),
        ("upper(title, 1) = 'X'", Some(0), ""),
        ("title", Some(0), "true or false"),
        ("title = ", Some(8), ""),
        ("title = 'x", Some(8), ""),
        ("(title = 'x'", Some(12), "opens at 0 is not closed"),
        ("title = 'x') ", Some(11), ""),
        ("title == 'x'", Some(7), ""),
        ("due > @tody", Some(6), "Did you mean '@today'?"),
        ("tags = 'a'", Some(0), "?="),
        ("tags ?= 'c'", Some(8), ""),
        (long, None, "2000"),
        (deep, Some(32), ""),
    ]
    .into_iter()
    .map(|(text, position, word)| (text.to_owned(), position, word.to_owned()))
    .collect()
}

#[test]
fn every_wrong_parameter_of_a_list_is_told_with_the_way_out() {
    let harness = world();
    let (long, deep) = (format!("title = '{}'", "x".repeat(2_100)), format!("{}true{}", "(".repeat(40), ")".repeat(40)));
    let many = "title,".repeat(9);
    let paths = (0..40).map(|at| format!("firm.p{at}")).collect::<Vec<_>>().join(",");
    let words = "x ".repeat(90);
    let letters = "x".repeat(600);
    let terms = (0..201).map(|at| format!("filter[amount]={at}")).collect::<Vec<_>>().join("&");
    let (sort, expand, q, chars) = (format!("sort={}title", many), format!("expand={paths}"), format!("q={words}"), format!("q={letters}"));
    let rows: Vec<Row<'_>> = vec![
        ("page=0", "page", None, "whole number from 1"),
        ("page=two", "page", None, "'two'"),
        ("page=99999999", "page", None, "next_cursor"),
        ("per_page=x", "per_page", None, "whole number from 1"),
        ("limit=0", "limit", None, "whole number from 1"),
        ("offset=-1", "offset", None, "whole number from 0"),
        ("page=1&offset=2", "offset", None, "do not go together"),
        ("cursor=xyz", "cursor", None, ""),
        ("count=all", "count", None, "none, exact or auto"),
        ("explain=yes", "explain", None, "can only be 1"),
        ("sort=titel", "sort", None, "Did you mean 'title'?"),
        ("sort=title desc", "sort", None, "sort=name"),
        ("sort=tags", "sort", None, "several values"),
        ("sort=title&sort=due", "sort", None, "twice"),
        (&sort, "sort", None, "At most 8"),
        ("fields=titel", "fields", None, "Did you mean 'title'?"),
        ("fields=title;due", "fields", None, "fields=name,status"),
        ("expand=frim", "expand", None, "Did you mean 'firm'?"),
        ("expand=title", "expand", None, "References"),
        ("expand=firm..name", "expand", None, "expand=company"),
        ("expand=firm.a.b.c.d.e.f", "expand", None, "6 steps"),
        (&expand, "expand", None, "At most"),
        ("view=none", "view", None, "no view"),
        ("view=No One", "view", None, "GET …/views"),
        ("q=", "q", None, "begin with ann"),
        ("q=*a", "q", None, "at least 2"),
        (&q, "q", None, "at most"),
        (&chars, "q", None, "at most 500"),
        ("fitler=x", "fitler", None, "filter"),
        ("titel=x", "titel", None, "filter[titel]"),
        ("order_by=title", "order_by", None, "sort=name"),
        ("filter[titel]=x", "titel", None, "Did you mean 'title'?"),
        ("filter[amount]=x", "amount", None, "whole number"),
        ("filter[amount][gt]=x", "amount", None, "whole number"),
        ("filter[amount][above]=1", "amount", None, "gte"),
        ("filter[state]=opne", "state", None, "Did you mean 'open'?"),
        ("filter[due]=1.1.2020", "due", None, "YYYY-MM-DD"),
        ("filter[firm]=acme", "firm", None, "rec_5"),
        ("filter[tags][gt]=a", "tags", None, "eq (has it)"),
        ("filter[amount][contains]=1", "amount", None, "Use eq"),
        ("filter[notes][gt]=1", "notes", None, "contains"),
        ("filter[][gt]=1", "filter[][gt]", None, "filter[status]=lead"),
        (&terms, "filter", None, "At most"),
        ("filter=", "filter", None, "status = 'lead'"),
    ];
    let mut wrong = judged(&harness, "owner", "GET", "/schemas/deals/records", &rows);
    let filters = filters(&long, &deep);
    let written: Vec<String> = filters.iter().map(|(text, _, _)| format!("filter={text}")).collect();
    let rows: Vec<Row<'_>> =
        filters.iter().zip(&written).map(|((_, position, word), query)| (query.as_str(), "filter", *position, word.as_str())).collect();
    for (method, path) in [("GET", "records"), ("GET", "export"), ("DELETE", "records"), ("GET", "aggregate")] {
        wrong.extend(judged(&harness, "owner", method, &format!("/schemas/deals/{path}"), &rows));
    }
    settle(wrong);
}

#[test]
fn every_wrong_parameter_of_a_search_and_a_report_is_told_with_the_way_out() {
    let harness = world();
    let letters = format!("q={}", "x".repeat(600));
    let rows: Vec<Row<'_>> = vec![
        ("", "q", None, "required"),
        ("q=", "q", None, ""),
        (&letters, "q", None, "at most 500"),
        ("q=one&limit=none", "limit", None, "whole number from 1"),
        ("q=one&lmit=3", "lmit", None, "Did you mean 'limit'?"),
    ];
    let mut wrong = judged(&harness, "owner", "GET", "/search", &rows);
    // A picker that was just opened shows what there is.
    wrong.extend(judged(&harness, "owner", "GET", "/schemas/deals/lookup", &rows[2..]));
    let (status, told) = ask(&harness, "owner", "GET", &format!("{APP}/search?q=one&schemas=deal"), "");
    assert!(status == 404 && told.to_string().contains("Did you mean 'deals'?"), "{told}");
    let many = format!("group={}", (0..80).map(|at| format!("amount * {at}")).collect::<Vec<_>>().join(","));
    let long = format!("group=concat(title, '{}')", "x".repeat(2_100));
    let deep = format!("group={}amount{}", "abs(".repeat(40), ")".repeat(40));
    let rows: Vec<Row<'_>> = vec![
        ("group=sate", "group", Some(0), "Did you mean 'state'?"),
        ("group=title,mont(due)", "group", Some(6), "Did you mean 'month'?"),
        ("group=firm.nam", "group", Some(5), "Did you mean 'name'?"),
        (&many, "group", None, "at most"),
        (&long, "group", None, "2000"),
        (&deep, "group", Some(128), ""),
        ("sum=title", "sum", Some(0), "numbers"),
        ("avg=amount,abs(amuont)", "avg", Some(11), "Did you mean 'amount'?"),
        ("count=title", "count", None, "count_distinct"),
        ("group=state&having=cuont > 1", "having", Some(0), "Did you mean 'count'?"),
        ("group=state&having=count", "having", Some(0), "true or false"),
        ("group=state&sort=stat", "sort", None, "Did you mean 'state'?"),
        ("limit=0", "limit", None, "whole number from 1"),
        ("view=none", "view", None, "no view"),
        ("gruop=state", "gruop", None, "Did you mean 'group'?"),
        ("filter[titel]=x", "titel", None, "Did you mean 'title'?"),
        ("group=state&group=title", "group", None, "twice"),
    ];
    wrong.extend(judged(&harness, "owner", "GET", "/schemas/deals/aggregate", &rows));
    for (pipeline, place, position, word) in [
        (json!([]), "pipeline", None, "group"),
        (json!("group"), "pipeline", None, "array of stages"),
        (json!([{"grup": {}}]), "pipeline.0", None, "Did you mean 'group'?"),
        (json!([{"group": {"by": ["sate"]}}]), "pipeline.0", Some(0), "Did you mean 'state'?"),
        (json!([{"group": {"buy": ["state"]}}]), "pipeline.0", None, "Did you mean 'by'?"),
        (json!([{"group": {"by": ["state"], "values": {"n": "cuont()"}}}]), "pipeline.0", Some(0), "Did you mean 'count'?"),
        (
            json!([{"match": "amount > 1"}, {"match": "titel = 'x'"}, {"group": {"by": ["state"]}}]),
            "pipeline.1",
            Some(0),
            "Did you mean 'title'?",
        ),
        (json!([{"group": {"by": ["state"]}}, {"sort": "-stat"}]), "pipeline.1", None, "Did you mean 'state'?"),
        (json!([{"group": {"by": ["state"]}}, {"limit": "many"}]), "pipeline.1", None, "whole number"),
        (
            json!([{"group": {"by": ["firm"]}}, {"lookup": {"from": "frims", "key": "firm", "take": {"n": "name"}}}]),
            "pipeline.1",
            None,
            "Did you mean 'firms'?",
        ),
        (
            json!([{"group": {"by": ["firm"]}}, {"lookup": {"from": "firms", "key": "frim", "take": {"n": "name"}}}]),
            "pipeline.1",
            None,
            "Did you mean 'firm'?",
        ),
        (
            json!([{"group": {"by": ["firm"]}}, {"lookup": {"from": "firms", "key": "firm", "take": {"n": "nam"}}}]),
            "pipeline.1",
            Some(0),
            "Did you mean 'name'?",
        ),
    ] {
        let told = ask(&harness, "owner", "POST", &format!("{APP}/schemas/deals/aggregate"), &json!({"pipeline": pipeline}).to_string());
        wrong.extend(judge(&told, place, position, word).map(|why| format!("{pipeline}\n    {why}")));
    }
    let stages: Vec<Value> = (0..60).map(|_| json!({"match": "amount > 1"})).chain([json!({"group": {"by": ["state"]}})]).collect();
    let told = ask(&harness, "owner", "POST", &format!("{APP}/schemas/deals/aggregate"), &json!({"pipeline": stages}).to_string());
    assert!(matches!(told.0, 200 | 400), "{told:?}");
    settle(wrong);
}

#[test]
fn every_wrong_part_of_a_write_by_a_filter_and_of_a_batch_is_told_with_the_way_out() {
    let harness = world();
    let records = format!("{APP}/schemas/deals/records");
    let rows: Vec<Row<'_>> = vec![
        ("max_affected=3", "filter", None, "filter[status]=lead"),
        ("filter[titel]=x", "titel", None, "Did you mean 'title'?"),
        ("filter[amount]=x", "amount", None, "whole number"),
        ("filter[state]=open&max_affected=0", "max_affected", None, "from 1 to"),
        ("filter[state]=open&sort=title", "sort", None, "all records that it finds"),
        ("filter[state]=open&view=all", "view", None, "all records that it finds"),
        ("filter[state]=open&max_afected=3", "max_afected", None, ""),
        ("filter[state]=open&dry_run=maybe", "dry_run", None, "true or false"),
    ];
    let mut wrong = judged(&harness, "owner", "DELETE", "/schemas/deals/records", &rows);
    let many: Vec<Value> = (0..101).map(|_| json!({"method": "POST", "url": records, "body": {}})).collect();
    let one = |method: &str, url: &str, body: Value| json!({"requests": [{"method": method, "url": url, "body": body}]});
    let wanted = |field: &'static str, word: &'static str| (field, word);
    for (body, (field, word)) in [
        (json!({}), wanted("requests", "")),
        (json!({"request": []}), wanted("request", "Did you mean 'requests'?")),
        (json!({"requests": 3}), wanted("requests", "")),
        (json!({"requests": []}), wanted("requests", "")),
        (json!({"requests": many}), wanted("requests", "at most 100")),
        (json!({"requests": [7]}), wanted("requests", "")),
        (json!({"requests": [{"method": "POST", "url": records, "boddy": {}}]}), wanted("boddy", "Did you mean 'body'?")),
        (one("GET", &records, Value::Null), wanted("url", "POST")),
        (one("POST", "/api/apps", json!({"name": "x"})), wanted("url", "POST")),
        (one("POST", "deals", json!({})), wanted("url", "")),
        (one("POST", &records, json!({"titel": "x"})), wanted("titel", "Did you mean 'title'?")),
        (one("POST", &records, json!({"amount": "x"})), wanted("amount", "whole number")),
        (one("POST", &records, json!({"title": "$1.id"})), wanted("body.title", "does not stand before")),
        (one("DELETE", &format!("{records}/$0.id"), Value::Null), wanted("url", "")),
        (one("POST", &format!("{records}?kye=title"), json!({"title": "x"})), wanted("url", "'kye'")),
    ] {
        let told = ask(&harness, "owner", "POST", "/api/batch", &body.to_string());
        let short: String = body.to_string().chars().take(120).collect();
        wrong.extend(judge(&told, field, None, word).map(|why| format!("batch {short}\n    {why}")));
    }
    settle(wrong);
}

/// The same question by the name of what is hidden and by one that never was: the answers differ in the name, and in nothing else.
#[test]
fn what_is_hidden_is_refused_like_what_is_not_there() {
    let harness = world();
    let mut wrong = Vec::new();
    for (method, path, query) in [
        ("GET", "records", "sort=NAME"),
        ("GET", "records", "fields=NAME"),
        ("GET", "records", "expand=NAME"),
        ("GET", "records", "filter[NAME]=1"),
        ("GET", "records", "filter[NAME][gt]=1"),
        ("GET", "records", "filter=NAME > 1"),
        ("GET", "records", "filter=amount > 1 %26%26 abs(NAME) > 1"),
        ("GET", "export", "fields=NAME"),
        ("GET", "export", "filter=NAME > 1"),
        ("GET", "aggregate", "group=NAME"),
        ("GET", "aggregate", "sum=NAME"),
        ("GET", "aggregate", "filter[NAME]=1"),
        ("GET", "aggregate", "group=state&having=NAME > 1"),
        ("GET", "aggregate", "group=state&sort=NAME"),
        ("DELETE", "records", "filter[NAME]=1"),
        ("DELETE", "records", "filter=NAME > 1"),
        ("GET", "records/1", "fields=NAME"),
    ] {
        let told = ["salary", "double", "zzzzzz"].map(|name| {
            let (status, answer) = ask(&harness, "ann", method, &format!("{APP}/schemas/deals/{path}?{}", query.replace("NAME", name)), "");
            (status, answer.to_string().replace(name, "NAME"))
        });
        if told[0].0 != 400 || told[0] != told[2] || told[1] != told[2] {
            wrong.push(format!("{method} {path} {query}\n    {told:?}"));
        }
    }
    // What leads to records of which some are not seen is refused in words, whatever they hold.
    let rows: Vec<Row<'_>> = vec![
        ("filter=firm.name = 'x'", "filter", Some(0), "may not read every one"),
        ("filter=secret.word = 'x'", "filter", Some(0), ""),
        ("expand=secret", "expand", None, "no other record that you may read"),
    ];
    wrong.extend(judged(&harness, "ann", "GET", "/schemas/deals/records", &rows));
    wrong.extend(judged(
        &harness,
        "ann",
        "GET",
        "/schemas/deals/aggregate",
        &[("group=firm.name", "group", Some(0), "may not read every one")],
    ));
    let told = ["vault", "zzzzz"].map(|name| {
        let (status, answer) = ask(&harness, "ann", "GET", &format!("{APP}/search?q=one&schemas={name}"), "");
        (status, answer.to_string().replace(name, "NAME"))
    });
    assert_eq!(told[0], told[1]);
    settle(wrong);
}
