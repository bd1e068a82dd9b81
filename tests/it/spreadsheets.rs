//! What spreadsheets do with tables: workbooks in and out, cells that would be calculated, days as people write them, exports over HTTP. Odd workbooks
//! are made here, part by part.

use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use crate::transfer::{Place, counts, told};
use carryall::format::file::Format;
use carryall::model::error::Error;
use carryall::model::job::{Import, unwatched};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::io::{Cursor, Write};

// --- making workbooks ------------------------------------------------------------------------------------------------

const RELS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// Sheets as (name, attributes of its entry, XML from `<sheetData>` on); `extra` are further parts.
struct Book<'b> {
    sheets: Vec<(&'b str, &'b str, String)>,
    extra: Vec<(&'b str, String)>,
    properties: &'b str,
}

impl<'b> Book<'b> {
    fn of(data: &str) -> Self {
        Self { sheets: vec![("Sheet1", "", format!("<sheetData>{data}</sheetData>"))], extra: Vec::new(), properties: "" }
    }

    fn bytes(&self) -> Vec<u8> {
        zipped(&self.parts())
    }

    fn parts(&self) -> Vec<(String, String)> {
        let mut sheets = String::new();
        let mut rels = String::new();
        let mut parts = vec![(
            "_rels/.rels".to_owned(),
            format!("<Relationships><Relationship Id=\"r1\" Type=\"{RELS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
        )];
        for (at, (name, state, data)) in self.sheets.iter().enumerate() {
            let id = at + 1;
            sheets += &format!("<sheet name=\"{name}\" sheetId=\"{id}\" {state} r:id=\"rId{id}\"/>");
            rels += &format!("<Relationship Id=\"rId{id}\" Type=\"{RELS}/worksheet\" Target=\"worksheets/sheet{id}.xml\"/>");
            parts.push((format!("xl/worksheets/sheet{id}.xml"), format!("<worksheet xmlns=\"{MAIN}\">{data}</worksheet>")));
        }
        let properties = self.properties;
        parts.push((
            "xl/workbook.xml".to_owned(),
            format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELS}\"><workbookPr {properties}/><sheets>{sheets}</sheets></workbook>"),
        ));
        parts.push(("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships>{rels}</Relationships>")));
        parts.push((
            "xl/styles.xml".to_owned(),
            format!("<styleSheet xmlns=\"{MAIN}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf numFmtId=\"46\"/></cellXfs></styleSheet>"),
        ));
        parts.extend(self.extra.iter().map(|(name, text)| ((*name).to_owned(), text.clone())));
        parts
    }
}

fn zipped(parts: &[(String, String)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        out.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn text(cell: &str, text: &str) -> String {
    format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn number(cell: &str, style: u8, number: &str) -> String {
    format!("<c r=\"{cell}\" s=\"{style}\"><v>{number}</v></c>")
}

fn row(number: u32, cells: &[String]) -> String {
    format!("<row r=\"{number}\">{}</row>", cells.concat())
}

fn notes(outcome: &Value) -> Vec<&str> {
    outcome["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

// --- workbooks in ----------------------------------------------------------------------------------------------------

#[test]
fn cells_come_in_as_the_sheet_types_them() {
    let place = Place::new();
    let headings = ["name", "whole", "half", "truth", "day", "moment", "code", "span"];
    let letters = ["B", "C", "D", "E", "F", "G", "H", "I"];
    let head: Vec<String> = headings.iter().zip(letters).map(|(heading, letter)| text(&format!("{letter}3"), heading)).collect();
    let first = [
        text("B4", "Ann &amp; Bo"),
        number("C4", 0, "5.0"),
        number("D4", 0, "0.1000000000000000055511151231257827"),
        "<c r=\"E4\" t=\"b\"><v>1</v></c>".to_owned(),
        number("F4", 1, "45292"),
        number("G4", 2, "45292.75"),
        text("H4", "0017136"),
        number("I4", 3, "1.5"),
    ];
    let second = [number("C6", 0, "-7"), number("G6", 2, "45293"), "<c r=\"H6\" t=\"str\"><f>A1</f><v>00x</v></c>".to_owned()];
    let data = row(3, &head) + &row(4, &first) + &row(5, &[]) + &row(6, &second) + "<row r=\"90\"><c r=\"B90\" s=\"1\"/></row>";
    let outcome = place.import("t.xlsx", Book::of(&data).bytes()).unwrap();
    assert_eq!(notes(&outcome), ["1 empty rows between others were passed over"]);
    let types: Vec<&str> = outcome["fields"].as_array().unwrap().iter().map(|field| field["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["text", "integer", "decimal", "boolean", "date", "datetime", "text", "text"]);
    assert_eq!(
        place.rows("t"),
        json!([
            {"name": "Ann & Bo", "whole": 5, "half": 0.1, "truth": true, "day": "2024-01-01", "moment": "2024-01-01T18:00:00Z", "code": "0017136", "span": "36:00:00"},
            {"name": null, "whole": -7, "half": null, "truth": null, "day": null, "moment": "2024-01-02T00:00:00Z", "code": "00x", "span": null},
        ])
    );
}

#[test]
fn a_day_is_midnight_where_the_field_holds_moments() {
    let place = Place::with_table(&json!([{"slug": "at", "type": "datetime"}, {"slug": "on", "type": "date"}]));
    let data = row(1, &[text("A1", "at"), text("B1", "on")]) + &row(2, &[number("A2", 1, "45292"), number("B2", 1, "45292")]);
    place.import("t.xlsx", Book::of(&data).bytes()).unwrap();
    assert_eq!(place.rows("t"), json!([{"at": "2024-01-01T00:00:00Z", "on": "2024-01-01"}]));
    let moments = row(1, &[text("A1", "on")]) + &row(2, &[number("A2", 2, "45292.5")]);
    let refused = told(place.import("t.xlsx", Book::of(&moments).bytes()));
    assert_eq!(refused, ["Row 1 (cell A2): Field 'on' must be a day of the calendar as YYYY-MM-DD, not '2024-01-01T12:00:00Z'"]);
}

#[test]
fn a_workbook_of_1904_counts_from_there() {
    let place = Place::new();
    let data = row(1, &[text("A1", "day")]) + &row(2, &[number("A2", 1, "43830")]);
    place.import("t.xlsx", Book { properties: "date1904=\"1\"", ..Book::of(&data) }.bytes()).unwrap();
    assert_eq!(place.rows("t"), json!([{"day": "2024-01-01"}]));
}

#[test]
fn the_first_sheet_that_can_be_seen_is_read_unless_another_is_named() {
    let sheet = |name: &str| format!("<sheetData>{}{}</sheetData>", row(1, &[text("A1", "name")]), row(2, &[text("A2", name)]));
    let sheets = vec![("Notes", "state=\"hidden\"", sheet("n")), ("Data", "", sheet("d")), ("More", "", sheet("m"))];
    let book = Book { sheets, ..Book::of("") }.bytes();
    let place = Place::new();
    let outcome = place.import("t.xlsx", &book).unwrap();
    assert_eq!(notes(&outcome), ["The sheet 'Data' was read; the workbook also has 'Notes', 'More' (--sheet, over HTTP sheet=, chooses)"]);
    for (wanted, name) in [("Notes", "n"), ("more", "m")] {
        let job = Import { sheet: Some(wanted.to_owned()), schema: name.to_owned(), ..place.job("t.xlsx", &book) };
        assert!(notes(&place.run(job, &unwatched()).unwrap()).is_empty());
        assert_eq!(place.rows(name), json!([{"name": name}]));
    }
    let job = Import { sheet: Some("Date".to_owned()), ..place.job("t.xlsx", &book) };
    assert_eq!(told(place.run(job, &unwatched())), ["The workbook has no sheet 'Date'. Its sheets are: 'Notes', 'Data', 'More'"]);
    let job = Import { sheet: Some("Data".to_owned()), ..place.job("t.csv", "name\nd\n") };
    assert_eq!(told(place.run(job, &unwatched())), ["Only a workbook (.xlsx) has sheets to choose from, and this is csv"]);
}

#[test]
fn every_problem_names_its_cell_and_its_columns_heading() {
    let place = Place::with_table(&json!([{"slug": "n", "name": "Number of seats", "type": "integer"}, {"slug": "s", "type": "text"}]));
    let data = row(1, &[text("B1", "Number of seats"), text("C1", "s")])
        + &row(2, &[text("B2", "many"), number("C2", 0, "5")])
        + &row(4, &["<c r=\"B4\" t=\"e\"><v>#N/A</v></c>".to_owned(), text("C4", "x")]);
    assert_eq!(
        told(place.import("t.xlsx", Book::of(&data).bytes())),
        [
            "Row 1 (cell B2, column 'Number of seats'): Field 'n' must be a whole number, not 'many'",
            "Row 1 (cell C2): Field 's' must be text, not the number 5. Put the value in quotes",
            "Row 2 (cell B4, column 'Number of seats'): Field 'n' holds the error #N/A. --blank-errors reads such cells as empty ones (over HTTP blank_errors=true)",
        ]
    );
    assert_eq!(
        told(place.import("t.csv", "Number of seats,s\nmany,x\n")),
        ["Row 1 (line 2, column 'Number of seats'): Field 'n' must be a whole number, not 'many'"]
    );
    assert_eq!(place.rows("t"), json!([]));
}

#[test]
fn a_workbook_that_is_none_or_is_broken_is_refused_in_words() {
    let place = Place::new();
    let good = row(1, &[text("A1", "a")]) + &row(2, &[text("A2", "x")]);
    let whole = Book::of(&good).bytes();
    let with = |name: &'static str, part: &str| Book { extra: vec![(name, part.to_owned())], ..Book::of(&good) }.bytes();
    let locked: Vec<u8> =
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".iter().copied().chain("EncryptedPackage".bytes().flat_map(|b| [b, 0])).collect();
    let after = |data: &str| Book { sheets: vec![("S", "", data.to_owned())], ..Book::of("") }.bytes();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "The file is empty"),
        ("text", b"a,b\n1,2\n".to_vec(), "The file is no .xlsx workbook"),
        ("old", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more".to_vec(), "The file is a workbook of the old .xls format"),
        ("locked", locked, "The workbook is protected by a password"),
        ("cut", whole[..whole.len() / 2].to_vec(), "The workbook is damaged or cut off"),
        ("another zip", zipped(&[("word/document.xml".to_owned(), "<d/>".to_owned())]), "The workbook"),
        ("empty sheet", Book::of("").bytes(), "The sheet is empty: its first row must hold the headings"),
        (
            "no formula's value",
            Book::of(&(good.clone() + &row(3, &["<c r=\"A3\"><f>1+1</f></c>".to_owned()]))).bytes(),
            "Cell A3 holds a formula without its value",
        ),
        (
            "beside the headings",
            Book::of(&(good.clone() + &row(3, &[text("C3", "x")]))).bytes(),
            "Cell C3 has a value, and its column has no heading",
        ),
        (
            "error for a heading",
            Book::of("<row r=\"1\"><c r=\"A1\" t=\"e\"><v>#REF!</v></c></row>").bytes(),
            "Cell A1 should be a heading and holds the error #REF!",
        ),
        ("too many columns", Book::of(&row(1, &[text("A1", "a"), text("XFE1", "b")])).bytes(), "The sheet has a cell XFE1, beyond"),
        ("many columns", Book::of(&row(1, &[text("A1", "a"), text("XFD1", "b")])).bytes(), "The file has more than 500 columns"),
        ("out of order", Book::of(&row(1, &[text("B1", "a"), text("A1", "b")])).bytes(), "The workbook is damaged: cell A1 stands twice"),
        (
            "rows out of order",
            Book::of(&(row(5, &[text("A5", "a")]) + &row(2, &[text("A2", "b")]))).bytes(),
            "The workbook is damaged: cell A2 stands twice",
        ),
        ("no cell", Book::of(&row(1, &["<c r=\"ZZZZZZZZZ1\"><v>1</v></c>".to_owned()])).bytes(), "The workbook cannot be read"),
        ("backwards", after("<dimension ref=\"B2:A1\"/><sheetData/>"), "The workbook cannot be read"),
        ("unclosed", after("<sheetData><row r=\"1\"><c r=\"A1\"><v>1"), "The workbook cannot be read"),
        ("no such text", Book::of("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>7</v></c></row>").bytes(), "The workbook cannot be read"),
        (
            "texts without end",
            with("xl/sharedStrings.xml", "<?xml version=\"1.0\"?><sst uniqueCount=\"99999999999999\"><si/></sst>"),
            "The workbook has more than 8000000 different texts",
        ),
        (
            "texts behind a comment",
            with("xl/sharedStrings.xml", "<!-- sst > --><sst uniqueCount=\"99999999999999\"/>"),
            "The workbook's table of texts does not begin",
        ),
        (
            "texts in a quote",
            with("xl/sharedStrings.xml", "<sst a=\"><\" uniqueCount=\"99999999999999\"/>"),
            "The workbook has more than 8000000 different texts",
        ),
        (
            "a long cell",
            Book::of(&row(1, &[text("A1", &"x".repeat(3 * 1024 * 1024))])).bytes(),
            "A cell of the sheet is longer than 2097152 bytes",
        ),
        (
            "much style",
            {
                let mut book = Book::of(&good);
                book.extra.push(("xl/a/styles.xml", "<xf/>".repeat(1024 * 1024)));
                book.bytes()
            },
            "The workbook is too large when it is unpacked",
        ),
        (
            "infinite",
            Book::of(&(good.clone() + &row(3, &[number("A3", 0, "1e999")]))).bytes(),
            "Row 2 (cell A3): Field 'a' holds a number that is too large",
        ),
        (
            "no day",
            Book::of(&(good + &row(3, &[number("A3", 1, "-5")]))).bytes(),
            "Row 2 (cell A3): Field 'a' holds the number -5 as a date, which is none",
        ),
    ];
    for (name, bytes, wanted) in cases {
        let refused = told(place.import("t.xlsx", &bytes));
        assert!(refused[0].starts_with(wanted), "{name}: {refused:?}");
    }
    assert!(place.harness.ctx.store.catalog().apps().is_empty());
}

#[test]
fn a_bomb_is_given_up_before_it_fills_the_disk() {
    let place = Place::new();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let zeros = vec![b' '; 1024 * 1024];
    for part in 0..9 {
        out.start_file(format!("xl/worksheets/sheet{part}.xml"), zip::write::SimpleFileOptions::default()).unwrap();
        (0..128).for_each(|_| out.write_all(&zeros).unwrap());
    }
    let bomb = out.finish().unwrap().into_inner();
    assert!(bomb.len() < 4 * 1024 * 1024, "{}", bomb.len());
    let refused = told(place.import("t.xlsx", &bomb));
    assert!(refused[0].starts_with("The workbook is too large when it is unpacked"), "{refused:?}");
}

#[test]
fn merged_cells_are_said() {
    let place = Place::new();
    let data = format!(
        "<sheetData>{}{}</sheetData><mergeCells><mergeCell ref=\"A2:B2\"/></mergeCells>",
        row(1, &[text("A1", "a"), text("B1", "b")]),
        row(2, &[text("A2", "x")])
    );
    let outcome = place.import("t.xlsx", Book { sheets: vec![("S", "", data)], ..Book::of("") }.bytes()).unwrap();
    assert_eq!(notes(&outcome), ["The workbook has merged cells: their value stands in the first of them, the others are empty"]);
}

#[test]
fn merged_cells_of_another_sheet_are_not_said_of_this_one() {
    let place = Place::new();
    let sheet = |merged: &str| format!("<sheetData>{}{}</sheetData>{merged}", row(1, &[text("A1", "a")]), row(2, &[text("A2", "x")]));
    let merged = sheet("<mergeCells><mergeCell ref=\"A2:B2\"/></mergeCells>");
    let book = Book { sheets: vec![("One", "", sheet("<mergeCells count=\"0\"/>")), ("Two", "", merged)], ..Book::of("") }.bytes();
    for (name, notes_wanted) in [("One", 0), ("Two", 1)] {
        let job = Import { sheet: Some(name.to_owned()), ..place.job("t.xlsx", &book) };
        assert_eq!(notes(&place.run(job, &unwatched()).unwrap()).len(), notes_wanted, "{name}");
    }
}

#[test]
fn cells_with_errors_are_read_as_empty_ones_on_request() {
    let error = |cell: &str, error: &str| format!("<c r=\"{cell}\" t=\"e\"><f>1/0</f><v>{error}</v></c>");
    let data = row(1, &[text("B1", "name"), text("C1", "share")])
        + &row(2, &[text("B2", "x"), error("C2", "#DIV/0!")])
        + &row(3, &[error("B3", "#N/A"), number("C3", 0, "0.5")]);
    let book = Book::of(&data).bytes();
    let place = Place::new();
    let way = "--blank-errors reads such cells as empty ones (over HTTP blank_errors=true)";
    assert_eq!(
        told(place.import("t.xlsx", &book)),
        [
            format!("Row 1 (cell C2): Field 'share' holds the error #DIV/0!. {way}"),
            format!("Row 2 (cell B3): Field 'name' holds the error #N/A. {way}"),
        ]
    );
    let outcome = place.run(Import { blank_errors: true, ..place.job("t.xlsx", &book) }, &unwatched()).unwrap();
    assert_eq!(notes(&outcome), ["Read as empty: #DIV/0! in C2, and 1 more with errors"]);
    assert_eq!(place.rows("t"), json!([{"name": "x", "share": null}, {"name": null, "share": 0.5}]));
    // A column that is left out may hold what it likes.
    let skipped = Import { skip: vec!["share".to_owned()], ..place.job("t.xlsx", &book) };
    assert_eq!(told(place.run(skipped, &unwatched())), [format!("Row 2 (cell B3): Field 'name' holds the error #N/A. {way}")]);
    let harness = Harness::crm();
    let sheet =
        Book::of(&(row(1, &[text("A1", "name"), text("B1", "founded")]) + &row(2, &[text("A2", "x"), error("B2", "#REF!")]))).bytes();
    let table = "/api/apps/my-crm/schemas/companies/import";
    assert_eq!(post(&harness, table, Format::Xlsx.media_type(), sheet.clone()).0, 400);
    let (status, body) = post(&harness, &format!("{table}?blank_errors=true"), Format::Xlsx.media_type(), sheet);
    assert_eq!((status, &body["notes"]), (201, &json!(["Read as empty: #REF! in B2"])), "{body}");
}

#[test]
fn numbers_of_a_sheet_get_a_type_that_holds_them() {
    let place = Place::new();
    let cells = ["0.33333333333333331", "1000000000000000", "12345678901234567", "1E+20", "0.5"];
    let head: Vec<String> = ('A'..='E').map(|letter| text(&format!("{letter}1"), &letter.to_string())).collect();
    let values: Vec<String> = ('A'..='E').zip(cells).map(|(letter, value)| number(&format!("{letter}2"), 0, value)).collect();
    let outcome = place.import("t.xlsx", Book::of(&(row(1, &head) + &row(2, &values))).bytes()).unwrap();
    let types: Vec<&str> = outcome["fields"].as_array().unwrap().iter().map(|field| field["type"].as_str().unwrap()).collect();
    assert_eq!((types, notes(&outcome).len()), (vec!["number", "integer", "integer", "number", "decimal"], 0));
    // The digits that a double has of 12345678901234567.
    let wanted = json!([{"A": 0.3333333333333333, "B": 1_000_000_000_000_000_i64, "C": 12_345_678_901_234_568_i64, "D": 1e20, "E": 0.5}]);
    assert_eq!(place.rows("t"), wanted);
    place.import("t.xlsx", place.bytes("t", Format::Xlsx).unwrap()).unwrap();
    assert_eq!(place.rows("t"), json!([wanted[0], wanted[0]]));
}

#[test]
fn what_only_the_table_can_tell_names_the_cell() {
    let place = Place::with_table(&json!([{"slug": "code", "name": "The code", "type": "text", "unique": true}]));
    let sheet = |codes: &[&str]| {
        let rows = codes.iter().enumerate().map(|(at, code)| row(at as u32 + 3, &[text(&format!("C{}", at + 3), code)]));
        Book::of(&(row(2, &[text("C2", "The code")]) + &rows.collect::<String>())).bytes()
    };
    place.import("t.xlsx", sheet(&["a", "b"])).unwrap();
    assert_eq!(
        told(place.import("t.xlsx", sheet(&["x", "b"]))),
        ["Row 2 (cell C4, column 'The code'): a record with the same code ('b') is there already. An import with the key code updates it"]
    );
    let twice = told(place.import("t.xlsx", sheet(&["x", "y", "x"])));
    assert_eq!(twice[0], "Row 3 (cell C5, column 'The code'): has the same code ('x') as row 1");
}

#[test]
fn whatever_is_wrong_in_a_part_is_told_in_words() {
    let place = Place::with_table(&json!([{"slug": "a", "type": "text"}, {"slug": "b", "type": "date"}]));
    let data =
        row(1, &[text("A1", "a"), text("B1", "b")]) + &row(2, &["<c r=\"A2\" t=\"s\"><v>0</v></c>".to_owned(), number("B2", 1, "45292")]);
    let texts = "<?xml version=\"1.0\"?><sst count=\"1\" uniqueCount=\"1\"><si><t>x</t></si></sst>".to_owned();
    let parts = Book { extra: vec![("xl/sharedStrings.xml", texts)], ..Book::of(&data) }.parts();
    assert_eq!(counts(&place.import("t.xlsx", zipped(&parts)).unwrap()), (1, 1, 0));
    let wrong = ("[<>\"/=0-9A-Zrstc:&;! ]{0,3}|99999999999", 0..parts.len(), 0.0..1.0_f64, 0..6_usize);
    let mut runner = TestRunner::new(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() });
    let result = runner.run(&wrong, |(put, part, at, taken)| {
        let mut parts = parts.clone();
        let whole = &mut parts[part].1;
        let at = (whole.len() as f64 * at) as usize;
        let end = (at + taken).min(whole.len());
        whole.replace_range(at..end, &put);
        match place.import("t.xlsx", zipped(&parts)) {
            Ok(_) | Err(Error::Invalid(_) | Error::Malformed(_) | Error::TooLarge(_)) => Ok(()),
            Err(other) => Err(TestCaseError::fail(format!("{other:?}"))),
        }
    });
    result.unwrap();
}

// --- workbooks out ---------------------------------------------------------------------------------------------------

const ALL_KINDS: &str = r#"[
    {"slug": "t", "type": "text"}, {"slug": "i", "type": "integer"}, {"slug": "d", "type": "decimal"}, {"slug": "s", "type": "decimal", "scale": 2},
    {"slug": "b", "type": "boolean"}, {"slug": "on", "type": "date"}, {"slug": "at", "type": "datetime"}, {"slug": "m", "type": "multiselect", "options": ["=a", "b;c", "d"]}]"#;

fn kinds() -> Place {
    let fields = |slug: &str| json!({"slug": slug, "fields": serde_json::from_str::<Value>(ALL_KINDS).unwrap()});
    Place::with_schemas(&json!([fields("t"), fields("u")]))
}

#[test]
fn what_goes_out_as_a_workbook_comes_in_the_same() {
    let place = kinds();
    let rows = json!([
        {"t": "0017136", "i": 5, "d": 0.1, "s": 3.5, "b": true, "on": "2024-02-29", "at": "2024-02-29T10:00:00Z", "m": ["=a", "b;c"]},
        {"t": "=1+1", "i": -9007199254740991_i64, "d": 123456.789, "s": -0.01, "b": false, "on": "1900-01-01", "at": "1900-01-01T00:00:00Z", "m": ["d"]},
        {"t": "'=1", "i": i64::MAX, "d": -5, "s": 0, "b": null, "on": "1899-12-31", "at": "2024-02-29T10:00:00.123Z", "m": null},
        {"t": " two\n lines\r\t", "i": 0, "d": 1e-5, "s": null, "b": null, "on": "0999-01-01", "at": "2024-02-29T10:00:00.123456Z", "m": null},
        {"t": "_x000D_ <b> & \u{1} 日本 \u{1F680}", "i": null, "d": null, "s": null, "b": null, "on": "1900-02-28", "at": "1900-03-01T23:59:59.999Z", "m": null},
        {"t": "2024-01-01", "i": null, "d": null, "s": null, "b": null, "on": "9999-12-31", "at": "9999-12-31T23:59:59Z", "m": null},
    ]);
    place.import("t.json", rows.to_string()).unwrap();
    let bytes = place.bytes("t", Format::Xlsx).unwrap();
    assert_eq!(bytes, place.bytes("t", Format::Xlsx).unwrap());
    place.import("u.xlsx", &bytes).unwrap();
    assert_eq!(place.rows("u"), place.rows("t"));
    // And with types that are guessed.
    let outcome = place.import("v.xlsx", &bytes).unwrap();
    let types: Vec<&str> = outcome["fields"].as_array().unwrap().iter().map(|field| field["type"].as_str().unwrap()).collect();
    assert_eq!(types[0], "text");
    assert_eq!(types[3..7], ["decimal", "boolean", "date", "datetime"]);
    let column = |schema: &str, slug: &str| place.rows(schema).as_array().unwrap().iter().map(|row| row[slug].clone()).collect::<Vec<_>>();
    for slug in ["t", "b", "on", "at"] {
        assert_eq!(column("v", slug), column("t", slug), "{slug}");
    }
}

#[test]
fn any_texts_and_numbers_survive_a_workbook_and_a_csv() {
    let place = kinds();
    let texts = proptest::collection::vec("['=+@\t\r\n_x0-9a-fA-F. <>&\"-]{1,12}|\\PC{1,20}|[\\x01-\\x7f]{1,8}", 30);
    let numbers = proptest::collection::vec((-999_999_999_999_999_i64..999_999_999_999_999, 0_u32..9), 30);
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() });
    let at = std::cell::Cell::new(0);
    let result = runner.run(&(texts, numbers), |(texts, numbers)| {
        at.set(at.get() + 1);
        let (from, into) = (format!("a{}", at.get()), format!("b{}", at.get()));
        let rows: Vec<Value> = texts
            .iter()
            .zip(&numbers)
            .map(|(text, (number, scale))| {
                let decimal = format!("{}e-{scale}", number).parse::<f64>().unwrap();
                json!({"t": text, "i": number, "d": decimal})
            })
            .collect();
        let fields = json!([{"slug": "t", "type": "text"}, {"slug": "i", "type": "integer"}, {"slug": "d", "type": "decimal"}]);
        let schemas = json!([{"slug": from, "fields": fields}, {"slug": into, "fields": fields}]);
        let file = json!({"carryall": 1, "app": {"slug": "crm"}, "schemas": schemas});
        place.harness.apply(&file.to_string(), false, false).unwrap();
        place.import(&format!("{from}.json"), Value::Array(rows).to_string()).unwrap();
        for format in [Format::Xlsx, Format::Csv] {
            let bytes = place.bytes(&from, format).unwrap();
            place.import(&format!("{into}.{}", format.name()), &bytes).unwrap();
        }
        let (sent, came) = (place.rows(&from), place.rows(&into));
        let numeric = |row: &Value| json!({"t": row["t"], "i": row["i"], "d": row["d"].as_f64()});
        let sent: Vec<Value> = sent.as_array().unwrap().iter().chain(sent.as_array().unwrap()).map(numeric).collect();
        prop_assert_eq!(came.as_array().unwrap().iter().map(numeric).collect::<Vec<_>>(), sent);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_text_that_no_cell_holds_refuses_the_workbook_and_says_where() {
    let place = Place::new();
    let long = "x".repeat(32_768);
    place.import("t.json", json!([{"a": "short"}, {"a": long}]).to_string()).unwrap();
    let refused = place.bytes("t", Format::Xlsx).expect_err("too long").sentences();
    assert_eq!(
        refused,
        ["Record 2: 'a' has 32768 characters, and a cell of a sheet holds 32767. Export the table as CSV or JSON, which hold any text"]
    );
}

// --- cells that would be calculated ----------------------------------------------------------------------------------

#[test]
fn a_text_that_would_be_calculated_goes_out_guarded_and_comes_back() {
    let place = Place::new();
    let rows =
        json!([{"=a": "=1+1", "n": -5}, {"=a": "'=1+1", "n": 3}, {"=a": "@x", "n": 0}, {"=a": "-5", "n": 1}, {"=a": "plain", "n": null}]);
    place.import("t.json", rows.to_string()).unwrap();
    let text = place.export("t", Format::Csv);
    assert_eq!(text, "'=a,n\n'=1+1,-5\n''=1+1,3\n'@x,0\n-5,1\nplain,\n");
    place.import("u.csv", &text).unwrap();
    assert_eq!(place.rows("u"), rows);
    // A cell that nobody guarded is what it is.
    place.import("v.csv", "a\n=1+1\n'tis\n").unwrap();
    assert_eq!(place.rows("v"), json!([{"a": "=1+1"}, {"a": "'tis"}]));
    // Numbers among json stay numbers.
    place.import("w.json", r#"[{"a": -1}, {"a": "-x"}]"#).unwrap();
    assert_eq!(place.export("w", Format::Csv), "a\n-1\n'-x\n");
}

// --- days as people write them ---------------------------------------------------------------------------------------

#[test]
fn days_that_read_in_one_way_are_offered_and_others_are_told_apart() {
    let place = Place::new();
    let text = "a,b,c,d\n03/04/2024,13.4.2024,2024/04/03,3/4/2024\n5/6/2024,1.2.2024,2024/4/5,04-Mar-2024\n";
    let outcome = place.import("t.csv", text).unwrap();
    assert_eq!(
        notes(&outcome),
        [
            "'a' holds dates that can be read in two ways, so it stays text: '03/04/2024' is 2024-04-03 (--type \"a=date:dmy\") or 2024-03-04 (--type \"a=date:mdy\")",
            "'b' looks like dates day first ('13.4.2024'): --type \"b=date:dmy\" reads them as dates",
            "'c' looks like dates year first ('2024/04/03'): --type \"c=date:ymd\" reads them as dates",
            "'d' looks like dates day first ('3/4/2024'): --type \"d=date:dmy\" reads them as dates",
        ]
    );
    assert_eq!(place.export("t", Format::Csv), text);

    let types = [("a", "date:mdy"), ("b", "date:dmy"), ("c", "date:ymd"), ("d", "date:dmy")];
    let types = types.map(|(heading, type_name)| (heading.to_owned(), type_name.to_owned())).to_vec();
    let job = Import { types: types.clone(), ..place.job("u.csv", text) };
    let outcome = place.run(job, &unwatched()).unwrap();
    assert_eq!(notes(&outcome).len(), 4);
    assert_eq!(notes(&outcome)[0], "'a' was read as dates, month first; exports write them as 2024-12-31");
    let dates = "a,b,c,d\n2024-03-04,2024-04-13,2024-04-03,2024-04-03\n2024-05-06,2024-02-01,2024-04-05,2024-03-04\n";
    assert_eq!(place.export("u", Format::Csv), dates);
    // Into the table that is there, the same again; a field that holds days already says how it is done.
    let refused = told(place.import("u.csv", "a\n13/04/2024\n"));
    assert!(refused[0].ends_with("The command line says in which order its parts stand: --type \"a=date:dmy\""), "{refused:?}");
    let job = Import { types, ..place.job("u.csv", text) };
    assert_eq!(counts(&place.run(job, &unwatched()).unwrap()), (2, 2, 0));
}

#[test]
fn an_order_of_days_that_does_not_hold_is_refused_with_the_row() {
    let place = Place::new();
    let run = |type_name: &str, name: &str, text: &str| {
        let job = Import { types: vec![("a".to_owned(), type_name.to_owned())], ..place.job(name, text) };
        place.run(job, &unwatched())
    };
    assert_eq!(
        told(run("date:mdy", "t.csv", "a\n13/04/2024\n")),
        ["Row 1 (line 2): Field 'a' must be a day, month first, not '13/04/2024'"]
    );
    let unknown = "There is no order 'dym' of the parts of a date. date:dmy (31/12/2024), date:mdy (12/31/2024) or date:ymd (2024/12/31)";
    assert_eq!(told(run("date:dym", "t.csv", "a\n13/04/2024\n")), [unknown]);
    place.import("t.csv", "a\nx\n").unwrap();
    assert_eq!(told(run("date:dmy", "t.csv", "a\n13/04/2024\n")), ["Field 'a' is text, not date: the order of a date says nothing of it"]);
}

// --- over HTTP -------------------------------------------------------------------------------------------------------

fn post(harness: &Harness, target: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
    let headers = [("As", "owner"), ("Content-Type", kind)].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let reply = harness.answer(&Ask { method: "POST".to_owned(), url: target.to_owned(), headers, body });
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn get(harness: &Harness, target: &str) -> Reply {
    let headers = vec![("As".to_owned(), "owner".to_owned())];
    harness.answer(&Ask { method: "GET".to_owned(), url: target.to_owned(), headers, body: Vec::new() })
}

#[test]
fn a_workbook_goes_in_and_out_over_http() {
    let harness = Harness::crm();
    let table = "/api/apps/my-crm/schemas/companies";
    let reply = get(&harness, &format!("{table}/export?format=xlsx&filter[name][contains]=a"));
    let header = |name: &str| reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(reply.status, 200);
    assert_eq!(header("Content-Type"), Some(Format::Xlsx.media_type()));
    assert_eq!(header("Content-Disposition"), Some("attachment; filename=\"companies.xlsx\""));
    let wanted = harness.ask("GET", &format!("{table}/records?filter[name][contains]=a"), "").1["total"].clone();
    let (status, body) = post(&harness, &format!("{table}/import?key=name"), Format::Xlsx.media_type(), reply.body);
    assert_eq!((status, &body["created"], &body["updated"]), (201, &json!(0), &wanted), "{body}");

    let sheet = |name: &str| format!("<sheetData>{}{}</sheetData>", row(1, &[text("A1", "name")]), row(2, &[text("A2", name)]));
    let book = Book { sheets: vec![("One", "", sheet("First")), ("Two", "", sheet("Second"))], ..Book::of("") }.bytes();
    let (status, body) = post(&harness, &format!("{table}/import?sheet=Two"), Format::Xlsx.media_type(), book.clone());
    assert_eq!((status, &body["created"], body.get("notes")), (201, &json!(1), None), "{body}");
    let (status, body) = post(&harness, &format!("{table}/import?dry_run=true"), Format::Xlsx.media_type(), book);
    assert_eq!((status, body["notes"].as_array().unwrap().len()), (200, 1), "{body}");
    let bad = Book::of(&(row(1, &[text("A1", "name"), text("B1", "founded")]) + &row(2, &[text("A2", "x"), text("B2", "soon")]))).bytes();
    let (status, body) = post(&harness, &format!("{table}/import"), Format::Xlsx.media_type(), bad);
    assert_eq!((status, &body["error"]["details"][0]["index"]), (400, &json!(0)), "{body}");
    assert!(body["error"]["message"].as_str().unwrap().starts_with("Row 1 (cell B2): Field 'founded'"), "{body}");
}

#[test]
fn a_long_export_is_whole_and_comes_from_a_file() {
    let harness = Harness::crm();
    let table = "/api/apps/my-crm/schemas/companies";
    let text = (0..20_000).fold("name\n".to_owned(), |text, at| text + &format!("Company number {at} of the long list\n"));
    assert_eq!(harness.send("POST", &format!("{table}/import"), "text/csv", &text).status, 201);
    let reply = get(&harness, &format!("{table}/export?sort=-id"));
    let text = String::from_utf8(reply.body).unwrap();
    assert_eq!((reply.status, text.lines().next()), (200, Some("name,founded,active")));
    assert!(text.lines().count() > 20_000 && text.lines().nth(1).unwrap().starts_with("Company number 19999"));
}
