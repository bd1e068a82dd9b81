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
        ("order.lines.amount", "'lines' is no reference", 0),
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
        field("part", "a / b"), field("not", "!(a < b)"), field("both", "a = 1 && b = 2"), field("text", "concat(s, '|', a)"),
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
