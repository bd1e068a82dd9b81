//! Fields whose values come from the program: sequences, lines, computed ones.

use crate::harness::Harness;
use serde_json::{Value, json};

/// Orders with lines, in two tables that know each other.
fn shop() -> Value {
    json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [
        {"slug": "orders", "display_field": "number", "fields": [
            {"slug": "number", "type": "text", "required": true},
            {"slug": "customer", "type": "reference", "target": "customers"},
            {"slug": "discount", "type": "decimal", "scale": 2},
            {"slug": "place", "type": "sequence"},
            {"slug": "lines", "type": "lines", "target": "order-lines", "via": "order"},
            {"slug": "total", "type": "computed", "formula": "sum(lines.amount) - coalesce(discount, 0)"},
            {"slug": "count", "type": "computed", "formula": "count(lines)"},
            {"slug": "label", "type": "computed", "formula": "concat(number, ' for ', upper(customer.name))"},
            {"slug": "big", "type": "computed", "formula": "total > 100"},
            {"slug": "due", "type": "date"},
            {"slug": "year", "type": "computed", "formula": "year(due)"}]},
        {"slug": "order-lines", "fields": [
            {"slug": "order", "type": "reference", "target": "orders", "on_delete": "cascade", "required": true},
            {"slug": "price", "type": "decimal", "scale": 2, "required": true},
            {"slug": "quantity", "type": "integer", "default": 1},
            {"slug": "amount", "type": "computed", "formula": "price * quantity"}]},
        {"slug": "customers", "fields": [{"slug": "name", "type": "text"}]}]})
}

fn harness() -> Harness {
    let harness = Harness::crm();
    harness.apply(&shop().to_string(), false, false).unwrap();
    harness
}

fn made(harness: &Harness, table: &str, body: Value) -> Value {
    let (status, made) = harness.ask("POST", &format!("/api/apps/shop/schemas/{table}/records"), &body.to_string());
    assert_eq!(status, 201, "{made}");
    made
}

fn read(harness: &Harness, path: &str) -> Value {
    let (status, read) = harness.ask("GET", &format!("/api/apps/shop/schemas/{path}"), "");
    assert_eq!(status, 200, "{read}");
    read
}

#[test]
fn an_order_knows_its_lines_and_what_they_come_to() {
    let harness = harness();
    made(&harness, "customers", json!({"name": "Ann"}));
    let order = made(&harness, "orders", json!({"number": "A-1", "customer": 1, "discount": 0.3, "due": "2025-03-04"}));
    assert_eq!((&order["lines"], &order["total"], &order["count"]), (&json!([]), &json!(-0.3), &json!(0)));
    for (price, quantity) in [(0.1, 3), (19.99, 7), (0.1, 1)] {
        let line = made(&harness, "order-lines", json!({"order": 1, "price": price, "quantity": quantity}));
        assert_eq!(line["amount"], json!((price * f64::from(quantity) * 100.0).round() / 100.0));
    }
    let order = read(&harness, "orders/records/rec_1");
    assert_eq!(order["lines"], json!(["rec_1", "rec_2", "rec_3"]));
    // To the digit: 0.3 + 139.93 + 0.1 - 0.3.
    assert_eq!(order["total"].to_string(), "140.03");
    assert_eq!((&order["label"], &order["big"], &order["year"]), (&json!("A-1 for ANN"), &json!(true), &json!(2025)));
    harness.ask("DELETE", "/api/apps/shop/schemas/order-lines/records/rec_2", "");
    let order = read(&harness, "orders/records/rec_1");
    assert_eq!((&order["total"], &order["count"], &order["big"]), (&json!(0.1), &json!(2), &json!(false)));
}

#[test]
fn what_is_computed_can_be_asked_and_ordered_by_and_is_exported() {
    let harness = harness();
    for (number, prices) in [("a", vec![5.0]), ("b", vec![]), ("c", vec![2.5, 4.25])] {
        let order = made(&harness, "orders", json!({"number": number, "due": "2024-01-01"}));
        for price in prices {
            made(&harness, "order-lines", json!({"order": order["id"], "price": price}));
        }
    }
    let numbers = |query: &str| -> Vec<String> {
        let list = read(&harness, &format!("orders/records?{query}"));
        list["records"].as_array().unwrap().iter().map(|order| order["number"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(numbers("sort=-total"), ["c", "a", "b"]);
    assert_eq!(numbers("filter[total][gte]=5&sort=total"), ["a", "c"]);
    assert_eq!(numbers("filter[total]=6.75"), ["c"]);
    assert_eq!(numbers("filter[count]=0"), ["b"]);
    assert_eq!(numbers("filter[big]=true"), Vec::<String>::new());
    assert_eq!(numbers("filter[year]=2024&sort=-place"), ["c", "b", "a"]);
    for (query, words) in [
        ("filter[lines]=rec_1", "Ask 'order-lines' by filter[order]=rec_5"),
        ("sort=lines", "Ask 'order-lines' by filter[order]=rec_5"),
        ("filter[total]=much", "must be a number"),
    ] {
        let (status, told) = harness.ask("GET", &format!("/api/apps/shop/schemas/orders/records?{query}"), "");
        assert!(status == 400 && told.to_string().contains(words), "{query}: {told}");
    }
    let reply = harness.send("GET", "/api/apps/shop/schemas/order-lines/export?format=csv", "", "");
    assert_eq!(String::from_utf8_lossy(&reply.body), "order,price,quantity,amount\nrec_1,5.00,1,5\nrec_3,2.50,1,2.5\nrec_3,4.25,1,4.25\n");
}

#[test]
fn a_total_by_what_is_computed_follows_the_records_that_it_is_computed_from() {
    let harness = harness();
    for number in ["a", "b", "c"] {
        made(&harness, "orders", json!({"number": number}));
    }
    let total = |filter: &str| read(&harness, &format!("orders/records?filter[{filter}&per_page=1"))["total"].clone();
    let both = || (total("total][gt]=0"), total("count]=0"));
    assert_eq!((both(), both()), ((json!(0), json!(3)), (json!(0), json!(3))));
    let line = made(&harness, "order-lines", json!({"order": 2, "price": 3.5}));
    assert_eq!((both(), both()), ((json!(1), json!(2)), (json!(1), json!(2))));
    harness.ask("DELETE", &format!("/api/apps/shop/schemas/order-lines/records/{}", line["id"].as_str().unwrap()), "");
    assert_eq!(both(), (json!(0), json!(3)));
}

#[test]
fn a_tree_is_ordered_by_what_stands_above_page_by_page() {
    let harness = Harness::crm();
    let app = json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [{"slug": "groups", "fields": [
        {"slug": "rank", "type": "integer"}, {"slug": "above", "type": "reference", "target": "groups"},
        {"slug": "high", "type": "computed", "formula": "above.rank"}]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    for (rank, above) in [(5, None), (9, Some(1)), (7, Some(2)), (1, Some(3)), (2, Some(4))] {
        made(&harness, "groups", json!({"rank": rank, "above": above}));
    }
    let high = |query: &str| {
        let list = read(&harness, &format!("groups/records?{query}"));
        list["records"].as_array().unwrap().iter().map(|group| (group["rank"].clone(), group["high"].clone())).collect::<Vec<_>>()
    };
    let pair = |rank: i64, high: i64| (json!(rank), json!(high));
    assert_eq!(high("sort=-high&per_page=2"), [pair(7, 9), pair(1, 7)]);
    assert_eq!(high("sort=-high&per_page=2&page=2"), [pair(9, 5), pair(2, 1)]);
    assert_eq!(high("filter[high][lt]=8&sort=high&per_page=2"), [pair(2, 1), pair(9, 5)]);
}

#[test]
fn an_import_by_key_counts_new_ones_on_and_leaves_what_the_program_gives() {
    let harness = harness();
    made(&harness, "orders", json!({"number": "a", "discount": 1}));
    let rows = "number,discount,place,total\nb,2,90,7\na,3,91,7\nc,4,92,7\n";
    let reply = harness.send("POST", "/api/apps/shop/schemas/orders/import?key=number", "text/csv", rows);
    assert!(reply.status < 300, "{}", String::from_utf8_lossy(&reply.body));
    let list = read(&harness, "orders/records?sort=id");
    let orders = list["records"].as_array().unwrap().iter().map(|order| (order["place"].clone(), order["total"].clone()));
    assert_eq!(orders.collect::<Vec<_>>(), [(json!(1), json!(-3)), (json!(2), json!(-2)), (json!(3), json!(-4))]);
}

#[test]
fn a_sequence_counts_by_itself_and_nothing_that_is_sent_changes_it() {
    let harness = harness();
    let places: Vec<Value> =
        (0..3).map(|at| made(&harness, "orders", json!({"number": at.to_string(), "place": 99}))["place"].clone()).collect();
    assert_eq!(places, [json!(1), json!(2), json!(3)]);
    let (_, changed) =
        harness.ask("PATCH", "/api/apps/shop/schemas/orders/records/rec_1", r#"{"place": 7, "total": 1, "lines": [], "number": "x"}"#);
    assert_eq!((&changed["place"], &changed["number"]), (&json!(1), &json!("x")));
    harness.ask("DELETE", "/api/apps/shop/schemas/orders/records/rec_2", "");
    assert_eq!(made(&harness, "orders", json!({"number": "n"}))["place"], json!(4));
    let reply = harness.send("POST", "/api/apps/shop/schemas/orders/import", "text/csv", "number,place,total\np,1,5\nq,1,6\n");
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    let list = read(&harness, "orders/records?sort=-place&per_page=2");
    let last: Vec<(&Value, &Value)> = list["records"].as_array().unwrap().iter().map(|order| (&order["number"], &order["place"])).collect();
    assert_eq!(last, [(&json!("q"), &json!(6)), (&json!("p"), &json!(5))]);
}

#[test]
fn a_formula_that_makes_no_sense_is_refused_at_its_byte() {
    let harness = harness();
    for (formula, words, position) in [
        ("prise * 2", "Table 'order-lines' has no field 'prise'", 0),
        ("price *", "The expression ends where a value is wanted", 7),
        ("price + order", "'order' leads to a record: say which field of it is meant", 8),
        ("concat(price) + 1", "a number is wanted here, and this is a text", 0),
        ("roud(price)", "There is no function 'roud'", 0),
        ("round(price, 99)", "round wants the digits as a number from 0 to 12", 13),
        ("if(price, 1, 2)", "true or false is wanted here, and this is a number", 3),
        ("sum(price)", "Nothing points to table 'order-lines' under the name 'price'", 4),
        ("price = 'x'", "a number is wanted here, and this is a text", 8),
        ("order.lines.amount", "'lines' is no reference", 6),
        ("own + 1", "The expression leads through itself", 0),
        ("order.total", "The expression leads through itself", 5),
    ] {
        let mut file = shop();
        let fields = file["schemas"][1]["fields"].as_array_mut().unwrap();
        fields.push(json!({"slug": "own", "type": "computed", "formula": formula}));
        if formula == "order.total" {
            fields[3]["formula"] = json!("order.total");
        }
        let told = harness.apply(&file.to_string(), false, false).unwrap_err();
        let carryall::model::error::Error::Invalid(problems) = &told else { panic!("{formula}: {told:?}") };
        assert!(problems.iter().any(|problem| problem.message.contains(words)), "{formula}: {problems:?}");
        let at: Vec<Option<usize>> = problems.iter().map(|problem| problem.position).collect();
        assert!(formula.starts_with("order.total") || at.contains(&Some(position)), "{formula}: {at:?}");
    }
}

#[test]
fn missing_values_are_false_in_comparisons_and_missing_in_sums() {
    let harness = Harness::crm();
    let field = |slug: &str, formula: &str| json!({"slug": slug, "type": "computed", "formula": formula});
    let file = json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [{"slug": "t", "fields": [
        {"slug": "a", "type": "integer"}, {"slug": "b", "type": "integer"}, {"slug": "s", "type": "text"}, {"slug": "at", "type": "datetime"},
        field("less", "a < b"), field("same", "a = b"), field("other", "a != b"), field("none", "a = null"), field("sum", "a + b"),
        field("part", "a / b"), field("less_a", "-a"), field("signs", "a * -b - -a"), field("not", "!(a < b)"), field("both", "a = 1 && b = 2"), field("text", "concat(s, '|', a)"),
        field("fall", "coalesce(a, b, -1)"), field("long", "length(s) > 3 || a = 1"), field("when", "at"), field("quote", "concat(s, 'it''s')"),
        field("third", "round(a / 3, 2)")]}]});
    // A quote inside a text is written with a backslash.
    let told = harness.apply(&file.to_string(), false, false).unwrap_err();
    assert!(told.sentences()[0].contains("The bracket that opens at 6 is not closed"), "{told:?}");
    let file = file.to_string().replace("'it''s'", "'it\\\\'s'");
    harness.apply(&file, false, false).unwrap();
    let value = |body: Value, slug: &str| made(&harness, "t", body)[slug].clone();
    for (a, b, slug, wanted) in [
        (json!(1), json!(2), "less", json!(true)),
        (json!(null), json!(2), "less", json!(false)),
        (json!(null), json!(null), "same", json!(false)),
        (json!(null), json!(2), "other", json!(true)),
        (json!(null), json!(2), "none", json!(true)),
        (json!(null), json!(2), "sum", json!(null)),
        (json!(7), json!(2), "less_a", json!(-7)),
        (json!(7), json!(2), "signs", json!(-7)),
        (json!(7), json!(2), "part", json!(3.5)),
        (json!(6), json!(2), "part", json!(3)),
        (json!(6), json!(0), "part", json!(null)),
        (json!(null), json!(2), "not", json!(true)),
        (json!(1), json!(2), "both", json!(true)),
        (json!(null), json!(3), "fall", json!(3)),
        (json!(null), json!(null), "fall", json!(-1)),
        (json!(1), json!(2), "third", json!(0.33)),
        (json!(1), json!(2), "text", json!("|1")),
        (json!(1), json!(2), "long", json!(true)),
        (json!(1), json!(2), "quote", json!("it's")),
    ] {
        assert_eq!(value(json!({"a": a, "b": b}), slug), wanted, "{slug} of {a} and {b}");
    }
    assert_eq!(value(json!({"at": "2025-01-15T10:30:00.5+01:00"}), "when"), json!("2025-01-15T09:30:00.5Z"));
}

#[test]
fn nothing_that_a_formula_uses_can_be_taken_from_it() {
    let harness = harness();
    let mut file = shop();
    file["schemas"][1]["fields"].as_array_mut().unwrap().remove(1);
    let told = harness.apply(&file.to_string(), false, true).unwrap_err().sentences();
    assert_eq!(told.last().unwrap(), "Table 'order-lines': Field 'amount': Table 'order-lines' has no field 'price'", "{told:?}");
    assert_eq!(made(&harness, "orders", json!({"number": "still there"}))["total"], json!(0));
}

/// A table `t` with these computed fields, and its first record.
fn table(fields: &[(&str, &str)], computed: &[(&str, &str)], record: Value) -> (Harness, Value) {
    let harness = Harness::crm();
    let mut all: Vec<Value> = fields.iter().map(|(slug, type_)| json!({"slug": slug, "type": type_})).collect();
    all.extend(computed.iter().map(|(slug, formula)| json!({"slug": slug, "type": "computed", "formula": formula})));
    harness
        .apply(&json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [{"slug": "t", "fields": all}]}).to_string(), false, false)
        .unwrap();
    let made = made(&harness, "t", record);
    (harness, made)
}

fn add(harness: &Harness, slug: &str, formula: &str) -> (u16, String) {
    let field = json!({"slug": slug, "type": "computed", "formula": formula});
    let (status, told) = harness.ask("POST", "/api/apps/shop/schemas/t/fields", &field.to_string());
    (status, told.to_string())
}

#[test]
fn no_chain_of_fields_is_too_deep_for_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(1024 * 1024);
    let run = || {
        let (harness, _) = table(&[("a", "boolean"), ("n", "decimal"), ("s", "text")], &[], json!({"a": true, "n": 1.5}));
        let wrapped =
            |with: &dyn Fn(String) -> String, first: &str, times: usize| (0..times).fold(first.to_owned(), |inner, _| with(inner));
        let chain = |first: &str, mark: &str, leaf: &str| format!("{first}{}", format!(" {mark} {leaf}").repeat(30));
        type Next<'n> = (&'static str, Box<dyn Fn(&str) -> String + 'n>);
        let ways: [Next<'_>; 7] = [
            ("and", Box::new(|first| chain(if first == "n" { "a" } else { first }, "&&", "a"))),
            ("over", Box::new(|first| chain(first, "/", "n"))),
            ("when", Box::new(move |first| wrapped(&|inner| format!("if(a, {inner}, n)"), first, 25))),
            ("abs", Box::new(move |first| wrapped(&|inner| format!("abs(-{inner})"), first, 10))),
            ("text", Box::new(move |first| wrapped(&|inner| format!("length(concat({inner} / 3, 'x'))"), first, 9))),
            ("same", Box::new(move |first| wrapped(&|inner| format!("if(({inner} + 0.1) = 0.3, n, n)"), first, 9))),
            ("not", Box::new(move |first| wrapped(&|inner| format!("!({inner} && a)"), if first == "n" { "a" } else { first }, 12))),
        ];
        for (name, way) in &ways {
            let (mut first, mut refused) = ("n".to_owned(), false);
            for step in 0..5 {
                let slug = format!("{name}{step}");
                let (status, told) = add(&harness, &slug, &way(&first));
                refused |= status == 400 && told.contains("more than 64 levels, with those of the fields in it");
                assert!(status == 201 || refused, "{slug}: {status} {told}");
                let (status, list) = harness.ask("GET", "/api/apps/shop/schemas/t/records", "");
                assert_eq!(status, 200, "{slug}: {list}");
                if refused {
                    break;
                }
                first = slug;
            }
            assert!(refused, "{name}");
            harness.ask("PATCH", "/api/apps/shop/schemas/t/fields/n", r#"{"slug": "m"}"#);
            harness.ask("PATCH", "/api/apps/shop/schemas/t/fields/m", r#"{"slug": "n"}"#);
        }
        made(&harness, "t", json!({"a": false, "n": 7}));
    };
    small.spawn(run).unwrap().join().unwrap();
}

#[test]
fn computed_fields_that_no_question_can_hold_are_refused_and_stop_nobody() {
    let twenty = vec!["a"; 20].join(" + ");
    let (harness, _) = table(&[("a", "integer")], &[("twenty", &twenty)], json!({"a": 1}));
    let forty_five = vec!["twenty"; 40].join(" + ");
    let told: Vec<(u16, String)> = (0..20).map(|at| add(&harness, &format!("c{at}"), &forty_five)).collect();
    let refused = told.iter().find(|(status, _)| *status != 201).unwrap();
    assert!(refused.0 == 400 && refused.1.contains("at most 10000 are possible"), "{refused:?}");
    assert_eq!(made(&harness, "t", json!({"a": 2}))["c0"], json!(1_600));
}

#[test]
fn a_table_may_compute_as_many_fields_as_it_may_have() {
    let slugs: Vec<String> = (0..499).map(|at| format!("c{at}")).collect();
    let formulas: Vec<String> = (0..499).map(|at| format!("a + {at}")).collect();
    let computed: Vec<(&str, &str)> = slugs.iter().map(String::as_str).zip(formulas.iter().map(String::as_str)).collect();
    let (_, made) = table(&[("a", "integer")], &computed, json!({"a": 1}));
    assert_eq!((&made["c0"], &made["c498"]), (&json!(1), &json!(499)));
}

#[test]
fn what_no_number_can_hold_is_missing() {
    let computed = [
        ("f", "n * n"),
        ("g", "0 - n * n"),
        ("t", "concat(n * n, '!')"),
        ("w", "i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i * i"),
    ];
    let (harness, made) = table(&[("n", "number"), ("i", "integer")], &computed, json!({"n": 1e308, "i": 9_007_199_254_740_991_i64}));
    assert_eq!((&made["f"], &made["g"], &made["t"], &made["w"]), (&json!(null), &json!(null), &json!("!"), &json!(null)), "{made}");
    assert_eq!(harness.send("GET", "/api/apps/shop/schemas/t/export?format=json", "", "").status, 200);
    assert_eq!(read(&harness, "t/records?filter[f][gt]=5")["total"], json!(0));
    harness.ctx.store.write(|_| Ok(())).unwrap();
}

#[test]
fn texts_that_could_be_computed_too_long_are_refused_with_their_formula() {
    let many = |of: &str, times: usize| format!("concat({})", vec![of; times].join(", "));
    let (harness, _) = table(&[("s", "textarea")], &[("c1", &many("s", 10))], json!({}));
    // What may come to a million characters may not stand twice in another; nor may a longer one come in by the fields that it is made of.
    let (status, told) = add(&harness, "c2", &many("c1", 2));
    assert!(status == 400 && told.contains("may come to 3000000 characters") && told.contains("max_length"), "{told}");
    assert_eq!(add(&harness, "c3", "if(s = 'a', c1, 'b')").0, 201);
    let (status, told) = add(&harness, "c4", "concat(s, s)");
    assert!(status == 400 && told.contains("may come to 2200000 characters"), "{told}");
    let (status, told) = harness.ask("PATCH", "/api/apps/shop/schemas/t/fields/s", r#"{"max_length": 200}"#);
    assert_eq!(status, 200, "{told}");
    assert_eq!(add(&harness, "c4", &many("c1", 20)).0, 201);
    let (status, told) = harness.ask("PATCH", "/api/apps/shop/schemas/t/fields/s", r#"{"max_length": null}"#);
    assert!(status == 400 && told.to_string().contains("characters"), "{told}");
    let (status, _) = harness.ask("POST", "/api/apps/shop/schemas/t/records", &json!({"s": "🦉".repeat(200)}).to_string());
    assert_eq!(status, 201);
    assert_eq!(read(&harness, "t/records/rec_2")["c4"].as_str().map(|text| text.chars().count()), Some(40_000));
}

#[test]
fn sums_are_exact_where_they_can_be_and_never_an_error() {
    let harness = Harness::crm();
    let app = json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [
        {"slug": "sums", "fields": [{"slug": "lines", "type": "lines", "target": "parts", "via": "of"},
            {"slug": "fine", "type": "computed", "formula": "sum(lines.square)", "scale": 8}, {"slug": "whole", "type": "computed", "formula": "sum(lines.n)"},
            {"slug": "cents", "type": "computed", "formula": "sum(lines.c)"}, {"slug": "least", "type": "computed", "formula": "min(lines.at)"},
            {"slug": "last", "type": "computed", "formula": "max(lines.at)"}]},
        {"slug": "parts", "fields": [{"slug": "of", "type": "reference", "target": "sums"}, {"slug": "a", "type": "decimal", "scale": 10, "precision": 15},
            {"slug": "n", "type": "integer"}, {"slug": "c", "type": "decimal", "scale": 2}, {"slug": "at", "type": "datetime"},
            {"slug": "square", "type": "computed", "formula": "a * a"}, {"slug": "size", "type": "computed", "formula": "abs(n)"}]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    made(&harness, "sums", json!({}));
    for (n, c, at) in
        [(i64::MAX, 0.1, "2025-01-15T09:30:00Z"), (i64::MAX, 0.2, "2025-01-15T09:30:00.5Z"), (7, 1e12, "2025-01-15T09:30:00.25Z")]
    {
        made(&harness, "parts", json!({"of": 1, "a": 1.5, "n": n, "c": c, "at": at}));
    }
    let sums = read(&harness, "sums/records/rec_1");
    assert_eq!((&sums["fine"], &sums["cents"]), (&json!(6.75), &json!(1_000_000_000_000.3)), "{sums}");
    assert_eq!(sums["whole"].as_f64(), Some(18_446_744_073_709_551_621.0), "{sums}");
    assert_eq!((&sums["least"], &sums["last"]), (&json!("2025-01-15T09:30:00Z"), &json!("2025-01-15T09:30:00.5Z")));
    let lowest = made(&harness, "parts", json!({"n": i64::MIN}));
    assert_eq!(lowest["size"], json!(null));
}

#[test]
fn roll_ups_stand_in_each_other_twice_and_no_more() {
    let harness = Harness::crm();
    let table = |slug: &str, of: &str, formula: &str| {
        json!({"slug": slug, "fields": [{"slug": "up", "type": "reference", "target": of, "inverse": slug},
            {"slug": "v", "type": "computed", "formula": formula}]})
    };
    let app = |deepest: &str| json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [table("a", "a", "sum(b.v)"), table("b", "a", "sum(c.v)"), table("c", "b", deepest), table("d", "c", "2")]});
    let told = harness.apply(&app("sum(d.v)").to_string(), false, false).unwrap_err().sentences();
    assert!(told[0].contains("sum stands in 2 other roll-ups"), "{told:?}");
    harness.apply(&app("1").to_string(), false, false).unwrap();
    made(&harness, "a", json!({}));
    made(&harness, "b", json!({"up": 1}));
    made(&harness, "c", json!({"up": 1}));
    assert_eq!(read(&harness, "a/records/rec_1")["v"], json!(1));
}

#[test]
fn what_looks_the_same_is_the_same() {
    let computed = [
        ("third", "b + 0.1 = 0.3"),
        ("less", "b + 0.1 > 0.3"),
        ("text", "concat(b * 3, ' of ', n * 1.0)"),
        ("later", "half > full"),
        ("never", "at = null"),
        ("rest", "n % 2"),
        ("said", "concat(n > 4, ' ', yes, ' ', no, ' ', unsaid)"),
        ("loose", "f * 3 = 0.6"),
    ];
    let fields = [
        ("n", "integer"),
        ("f", "decimal"),
        ("half", "datetime"),
        ("full", "datetime"),
        ("at", "datetime"),
        ("yes", "boolean"),
        ("no", "boolean"),
        ("unsaid", "boolean"),
    ];
    let harness = Harness::crm();
    let mut all: Vec<Value> = fields.iter().map(|(slug, type_)| json!({"slug": slug, "type": type_})).collect();
    all.push(json!({"slug": "b", "type": "decimal", "scale": 2}));
    all.extend(computed.iter().map(|(slug, formula)| json!({"slug": slug, "type": "computed", "formula": formula})));
    harness
        .apply(&json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [{"slug": "t", "fields": all}]}).to_string(), false, false)
        .unwrap();
    let body =
        json!({"b": 0.2, "n": 5, "f": 0.2, "half": "2025-01-15T09:30:00.5Z", "full": "2025-01-15T09:30:00Z", "yes": true, "no": false});
    let made = made(&harness, "t", body);
    let wanted = json!({"third": true, "less": false, "text": "0.6 of 5", "later": true, "never": true, "rest": 1, "loose": true, "said": "true true false "});
    for (slug, value) in wanted.as_object().unwrap() {
        assert_eq!(&made[slug], value, "{slug}");
    }
    let (status, told) = add(&harness, "bad", "5.5 % 2");
    assert!(status == 400 && told.contains("% takes whole numbers"), "{told}");
}

#[test]
fn halves_are_rounded_as_people_round_them() {
    let harness = Harness::crm();
    let fields = json!([{"slug": "price", "type": "money"}, {"slug": "gross", "type": "computed", "formula": "round(price * 1.19, 2)"},
        {"slug": "scaled", "type": "computed", "formula": "price * 1.19", "scale": 2}, {"slug": "tenths", "type": "computed", "formula": "round(price, 1)"},
        {"slug": "whole", "type": "computed", "formula": "round(price)"}, {"slug": "back", "type": "computed", "formula": "round(-price * 1.19, 2)"}]);
    // Every cent up to 200, and some of the largest amounts.
    let cents: Vec<i64> = (1..=20_000).chain((0..200).map(|step| 999_999_999_999_000 + 5 * step)).collect();
    let records: Vec<Value> = cents.iter().map(|cents| json!({"price": format!("{}.{:02}", cents / 100, cents % 100)})).collect();
    let app = json!({"carryall": 1, "app": {"slug": "vat"}, "schemas": [{"slug": "p", "fields": fields}], "records": {"p": records}});
    harness.apply(&app.to_string(), false, false).unwrap();
    let half_up = |number: i64, unit: i64| (number + unit / 2) / unit;
    let mut seen = 0;
    for page in 1..=cents.len().div_ceil(100) {
        let (_, list) = harness.ask("GET", &format!("/api/apps/vat/schemas/p/records?per_page=100&page={page}"), "");
        for record in list["records"].as_array().unwrap() {
            let number = |key: &str, unit: f64| (record[key].as_f64().unwrap() * unit).round() as i64;
            let cents = cents[seen];
            seen += 1;
            assert_eq!(number("tenths", 10.0), half_up(cents, 10), "{record}");
            assert_eq!(number("whole", 1.0), half_up(cents, 100), "{record}");
            // 119 times the largest amounts has more digits than a number holds.
            if cents <= 20_000 {
                let gross = half_up(cents * 119, 100);
                let found = ["gross", "scaled", "back"].map(|key| number(key, 100.0));
                assert_eq!(found, [gross, gross, -gross], "{record}");
            }
        }
    }
    assert_eq!(seen, cents.len());
}

#[test]
fn a_rename_leaves_what_people_wrote_as_they_wrote_it() {
    let long = format!("( a+a )  *2{}", " + a".repeat(45));
    let (harness, _) = table(&[("a", "integer"), ("s", "text")], &[("long", &long), ("quoted", "concat(\"a\", a , 'a')")], json!({"a": 1}));
    let (status, told) = harness.ask("PATCH", "/api/apps/shop/schemas/t/fields/a", r#"{"slug": "amount"}"#);
    assert_eq!(status, 200, "{told}");
    let fields = read(&harness, "t")["fields"].clone();
    let formula = |slug: &str| fields.as_array().unwrap().iter().find(|field| field["slug"] == slug).unwrap()["formula"].clone();
    assert_eq!(formula("long"), json!(format!("( amount+amount )  *2{}", " + amount".repeat(45))));
    assert_eq!(formula("quoted"), json!("concat(\"a\", amount , 'a')"));
    assert_eq!(read(&harness, "t/records/rec_1")["quoted"], json!("a1a"));
}

#[test]
fn words_that_are_values_in_expressions_are_no_names() {
    let (harness, _) = table(&[("a", "integer")], &[], json!({}));
    for slug in ["null", "true", "false"] {
        let (status, told) = harness.ask("POST", "/api/apps/shop/schemas/t/fields", &json!({"slug": slug, "type": "text"}).to_string());
        assert!(status == 400 && told.to_string().contains("name of a value in expressions"), "{told}");
        let (status, told) = harness.ask("PATCH", "/api/apps/shop/schemas/t/fields/a", &json!({"slug": slug}).to_string());
        assert_eq!(status, 400, "{told}");
    }
    let (status, made) = harness.ask("POST", "/api/apps/shop/schemas/guessed/records?create=schema", r#"{"true": 1, "x": 2}"#);
    assert_eq!((status, &made["records"][0]["field_true"]), (201, &json!(1)), "{made}");
}

#[test]
fn a_formula_that_leads_through_itself_is_told_so_once() {
    let (harness, _) = table(&[("n", "integer")], &[("b", "n")], json!({}));
    let (status, told) = add(&harness, "a", "a");
    assert!(status == 400 && told.contains("Field 'a': The expression leads through itself: a, a"), "{told}");
    assert_eq!(told.matches("Field 'a'").count(), told.matches("Table 't'").count(), "{told}");
}

#[test]
fn a_write_does_not_wait_for_what_is_computed_of_its_records() {
    // No time at all for questions that are not over at once.
    let harness = Harness::crm_with(carryall::model::limits::Limits { read_timeout_ms: 0, ..Default::default() });
    let fields = json!([{"slug": "n", "type": "integer"}, {"slug": "all", "type": "references", "target": "t", "inverse": "by"},
        {"slug": "once", "type": "computed", "formula": "sum(by.n)"}, {"slug": "twice", "type": "computed", "formula": "sum(by.once)"}]);
    let app = json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [{"slug": "t", "fields": fields}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let first = made(&harness, "t", json!({"n": 1}));
    assert_eq!((&first["once"], &first["twice"]), (&json!(0), &json!(0)));
    let ids: Vec<i64> = (1..=120).collect();
    let records: Vec<Value> = ids.iter().map(|_| json!({"n": 1})).collect();
    let path = "/api/apps/shop/schemas/t/records";
    assert_eq!(harness.ask("POST", path, &json!(records).to_string()).0, 201);
    let linked: Vec<Value> = ids.iter().map(|id| json!({"id": format!("rec_{id}"), "all": ids})).collect();
    let (status, changed) = harness.ask("PATCH", path, &json!(linked).to_string());
    assert_eq!((status, &changed["records"][0]["n"]), (200, &json!(1)), "{changed}");
    assert_eq!(changed["records"].as_array().unwrap().len(), 120);
    let (status, changed) = harness.ask("PATCH", &format!("{path}/rec_1"), r#"{"n": 2}"#);
    assert_eq!((status, &changed["n"], changed.get("twice")), (200, &json!(2), None));
    // A rehearsal has a moment, and so has the refusal of a record that is another by now.
    let (status, rehearsed) = harness.ask("PATCH", &format!("{path}/rec_1?dry_run=true"), r#"{"n": 5}"#);
    assert_eq!((status, &rehearsed["n"]), (200, &json!(5)), "{rehearsed}");
    let (status, rehearsed) = harness.ask("POST", &format!("{path}?dry_run=true"), r#"{"n": 5}"#);
    assert_eq!((status, &rehearsed["once"], &rehearsed["twice"]), (200, &json!(0), &json!(0)), "{rehearsed}");
}
