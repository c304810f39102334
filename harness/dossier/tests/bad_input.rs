//! Files as they come: each oddity is read as what it is, or refused where it stands, all at once, with nothing guessed.
#![allow(clippy::unwrap_used)] // tests say by panicking what is wrong

use std::io::Write as _;
use std::path::{Path, PathBuf};

use assay_dossier::{Finding, Shape, Weight, read};
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use serde_json::{Value, json};

fn shape() -> Shape {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test-plans/catalogue");
    let catalogue = |id: &str| -> Value {
        serde_yaml::from_str(&std::fs::read_to_string(root.join(format!("{id}.yaml"))).unwrap()).unwrap()
    };
    let other = (catalogue("etsi-en-303-645-3.1.3"), catalogue("etsi-ts-103-701-2.1.1"));
    Shape::of(
        &catalogue("etsi-en-303-645-2.1.1"),
        &catalogue("etsi-ts-103-701-1.1.1"),
        &catalogue("uk-psti-2023"),
        (&other.0, &other.1),
    )
    .unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Findings as people see them, the folder left out.
    fn said(&self, findings: &[Finding]) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        let one = |f: &Finding| {
            let mark = if f.weight == Weight::Mistake { "" } else { "note: " };
            format!("{mark}{}: {}", f.place.to_string().replace(&folder, ""), f.text).replace(&folder, "")
        };
        findings.iter().map(one).collect()
    }

    fn read(&self, files: &[PathBuf]) -> (Value, Vec<String>) {
        let reading = read::read(files, None, &shape());
        for finding in reading.findings.iter().filter(|f| f.weight == Weight::Mistake) {
            assert!(!finding.help.is_empty(), "{}: no help", finding.text);
        }
        (reading.document, self.said(&reading.findings))
    }
}

fn rows(page: &mut Worksheet, rows: &[&[&str]]) {
    for (row, cells) in (0_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(*cells) {
            page.write_string(row, column, *cell).unwrap();
        }
    }
}

fn book(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book);
    book.save_to_buffer().unwrap()
}

#[test]
fn sheets_in_any_order_with_titles_and_odd_signs_are_read_and_what_was_odd_is_said() {
    let folder = Folder::new();
    let bytes = book(|book| {
        let page = book.add_worksheet().set_name("Cover").unwrap();
        rows(page, &[&["Our dossier"]]);
        let page = book.add_worksheet().set_name("IXIT 7-UpdMech").unwrap();
        rows(
            page,
            &[
                &["Table C.7"],
                &[],
                &["ID", "Description", "Remarks"],
                &["UpdMech \u{2013} 1", "Over the air.", "see mail"],
            ],
        );
        let page = book.add_worksheet().set_name("Conformance").unwrap();
        rows(
            page,
            &[
                &["Implementation conformance statement"],
                &["Reference", "Status", "Support", "Detail"],
                &["5.1 No universal default passwords"],
                &["Provision 5.1\u{2011}1", "M C (1)", "Yes", "Chosen by the owner."],
                &["\u{a0}5.1-2 ", "M", "n/a", "Nothing is preset."],
            ],
        );
        let page = book.add_worksheet().set_name("6-SoftComp").unwrap();
        rows(
            page,
            &[&["ID", "Description", "Update Mechanism"], &["SoftComp-1", "Loader", "UpdMech-1;\nUpdMech\u{2010}2"]],
        );
    });
    let (document, said) = folder.read(&[folder.put("lab.xlsx", bytes)]);
    assert_eq!(
        document["ics"],
        json!({"5.1-1": {"support": "Y", "detail": "Chosen by the owner."}, "5.1-2": {"support": "N/A", "detail": "Nothing is preset."}})
    );
    assert_eq!(document["ixit"]["7-UpdMech"], json!([{"id": "UpdMech-1", "description": "Over the air."}]));
    assert_eq!(document["ixit"]["6-SoftComp"][0]["update_mechanism"], json!(["UpdMech-1", "UpdMech-2"]));
    assert_eq!(
        said,
        [
            "note: lab.xlsx, sheet `Cover`: `Cover` is not read: it is named as none of the tables",
            "note: lab.xlsx, sheet `IXIT 7-UpdMech`, cell C3: the column `Remarks` is not read: 7-UpdMech has no such field",
            "note: lab.xlsx, sheet `IXIT 7-UpdMech`, cell A4: `UpdMech – 1` is read as `UpdMech-1`",
            "note: lab.xlsx, sheet `Conformance`, cell A4: `5.1‑1` is read as `5.1-1`",
            "note: lab.xlsx, sheet `Conformance`, cell B5: the status of 5.1-2 is `M C (2)`, and not `M`; statuses are the standard's and were not taken",
        ]
    );
}

#[test]
fn every_mistake_of_a_workbook_is_listed_at_its_cell() {
    let folder = Folder::new();
    let bytes = book(|book| {
        let page = book.add_worksheet().set_name("ICS").unwrap();
        rows(
            page,
            &[
                &["Reference", "Support", "Detail"],
                &["5.1-1", "partly", ""],
                &["5.1-99", "Y", ""],
                &["", "N", "Whose reason is this?"],
                &["5.2-1", "Y"],
                &["5.2-1", "N"],
            ],
        );
        page.write_formula(6, 0, Formula::new("=\"5.2\"&\"-2\"").set_result("5.2-2")).unwrap();
        page.write_string(6, 1, "Y").unwrap();
        page.merge_range(7, 2, 8, 2, "One reason for two", &Format::new()).unwrap();
        page.write_string(7, 0, "5.2-3").unwrap();
        page.write_string(8, 0, "5.3-1").unwrap();
        page.write_formula(9, 0, Formula::new("=A1")).unwrap();
        let page = book.add_worksheet().set_name("9-SecParam").unwrap();
        rows(page, &[&["ID"]]);
        let page = book.add_worksheet().set_name("15-Intf").unwrap();
        rows(
            page,
            &[
                &["ID", "Debug Interface", "endpoints"],
                &["Intf 1"],
                &["Intf-2", "maybe", "json: [{"],
                &["", "yes", "x"],
            ],
        );
        let page = book.add_worksheet().set_name("Product").unwrap();
        rows(page, &[&["Field", "Value"], &["Name", "C1"]]);
        page.write_string(2, 0, "Firmware").unwrap();
        page.write_number(2, 1, 1.1).unwrap();
    });
    // As programs write it that do not work formulas out.
    let bytes = zip(&changed(&bytes, |text| text.replace("<f>A1</f><v>0</v>", "<f>A1</f>")));
    let (_, said) = folder.read(&[folder.put("bad.xlsx", bytes)]);
    assert_eq!(
        said,
        [
            "bad.xlsx, sheet `ICS`, cell A10: the formula has no stored value, and formulas are not worked out",
            "note: bad.xlsx, sheet `ICS`, cell A7: this cell and 1 more of the sheet have formulas; their stored values were taken",
            "bad.xlsx, sheet `ICS`, cell C8: cells are merged over rows 8 to 9, so that it is open which of them this is said of",
            "bad.xlsx, sheet `Product`, cell B3: the cell holds the number 1.1, and 1.1 and 1.10 would be the same number",
            "bad.xlsx, sheet `ICS`, cell B2: `partly` is none of Y, N and N/A",
            "bad.xlsx, sheet `ICS`, cell A3: `5.1-99` is no provision",
            "bad.xlsx, sheet `ICS`, cell B4: this row names no provision",
            "bad.xlsx, sheet `ICS`, cell B6: `support` of ics/5.2-1 is `N` here, and `Y` at bad.xlsx, sheet `ICS`, cell B5",
            "bad.xlsx, sheet `9-SecParam`: `9-SecParam` has the number of 9-ReplSup and the name of 10-SecParam",
            "bad.xlsx, sheet `15-Intf`, cell A2: `Intf 1` is no id that references could name",
            "bad.xlsx, sheet `15-Intf`, cell B3: `maybe` is neither true nor false",
            "bad.xlsx, sheet `15-Intf`, cell C3: no JSON follows `json:`: EOF while parsing an object at line 1 column 3",
            "bad.xlsx, sheet `15-Intf`, cell B4: this row has no id",
        ]
    );
}

#[test]
fn files_that_contradict_each_other_are_told_with_both_places() {
    let folder = Folder::new();
    let one = folder.put("ICS.csv", "Reference;Support;Detail\n5.1-1;Y;\n");
    let two = folder.put("more.json", r#"{"ics": [{"reference": "5.1-1", "support": "N"}], "ixit_tables": {"16-CodeMin": [{"id": "CodeMin-1", "description": "a"}]}}"#);
    let three = folder.put("16-CodeMin.md", "| ID | Description |\n|---|---|\n| CodeMin-1 | b |\n");
    let (_, said) = folder.read(&[one, two, three]);
    assert_eq!(
        said,
        [
            "more.json:1:44: `support` of ics/5.1-1 is `N` here, and `Y` at ICS.csv:2:2",
            "16-CodeMin.md:3:3: the row `CodeMin-1` of 16-CodeMin says something else at more.json:1:89",
        ]
    );
}

#[test]
fn a_dossier_of_another_edition_is_known_for_one() {
    let folder = Folder::new();
    let text = "# ICS\n\n| Reference | Status | Support | Detail |\n|---|---|---|---|\n\
                | **Provision 5.0-1** | M | **Y** | x |\n| **Provision 5.1-1** | M F (a) | **Y** | x |\n| **Provision 5.1-2A** | R | **Y** | x |\n\
                \n## IXIT 11-SecComMech\n\n| ID | Description |\n|---|---|\n| SecComMech-1 | x |\n";
    let (_, said) = folder.read(&[folder.put("ICS.md", text)]);
    assert_eq!(said.len(), 1, "one thing is wrong: {said:?}");
    assert!(said[0].starts_with("ICS.md:5:3: provision 5.0-1, statuses with features, `F (a)`, provision 5.1-2A, table 11-SecComMech: only edition 3.1.3"), "{said:?}");
    let stated = folder.put("Product.csv", "Field,Value\neditions.en303645,3.1.3\n");
    let (_, said) = folder.read(&[stated]);
    assert_eq!(said, ["Product.csv:2:2: this dossier follows edition 3.1.3, and plans and rules here are of 2.1.1"]);
}

#[test]
fn an_edition_that_the_user_states_must_be_that_of_the_files() {
    let folder = Folder::new();
    let file = folder.put("Product.csv", "Field,Value\neditions.en303645,3.1.3\n");
    let reading = read::read(std::slice::from_ref(&file), Some("2.1.1"), &shape());
    assert!(!reading.is_sound());
    let file = folder.put("ICS.csv", "Reference,Support\n5.1-1,Y\n");
    let reading = read::read(std::slice::from_ref(&file), Some("2.1.1"), &shape());
    assert!(reading.is_sound());
    assert_eq!(reading.document["editions"], json!({"en303645": "2.1.1", "ts103701": "1.1.1"}));
}

/// A ZIP archive of these parts.
fn zip(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        out.start_file(name.as_str(), options).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// The parts of a workbook, their text changed.
fn changed(bytes: &[u8], change: impl Fn(&str) -> String) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let parts = (0..archive.len()).map(|at| {
        let mut part = archive.by_index(at).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut part, &mut text).unwrap();
        (part.name().unwrap().into_owned(), change(&text).into_bytes())
    });
    parts.collect()
}

#[test]
fn what_is_too_large_or_no_workbook_is_refused_before_it_is_unpacked() {
    let folder = Folder::new();
    let zeros = vec![0_u8; 50 << 20];
    let bomb = zip(&[("xl/workbook.xml".into(), zeros.clone()), ("xl/worksheets/sheet1.xml".into(), zeros)]);
    assert!(bomb.len() < 1 << 20, "it looks small");
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("bomb.xlsx", bomb, "unpacked it has more than 96 MiB or 2000 parts"),
        ("table.csv", vec![b'a'; 50 << 20], "it has 50 MiB, and 16 MiB are the limit"),
        ("old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".repeat(64), "this is no workbook"),
        ("empty.xlsx", zip(&[]), "this is no workbook"),
        ("ics.csv", b"Reference,Support\n5.1-1,\xe4\n".to_vec(), "this is no UTF-8"),
        ("dossier.json", b"{\"ics\": [}".to_vec(), "this is no JSON"),
    ];
    for (name, bytes, wanted) in cases {
        let (_, said) = folder.read(&[folder.put(name, bytes)]);
        assert!(said.len() == 1 && said[0].contains(wanted), "{name}: {said:?}");
    }
    assert!(folder.read(&[Path::new("/nowhere.csv").to_owned()]).1[0].contains("it cannot be read"));
    assert!(folder.read(&[folder.0.path().to_owned()]).1[0].contains("no regular file"));
    assert!(folder.read(&[folder.put("a.docx", "")]).1[0].contains("no way to read `.docx`"));
}

#[test]
fn two_far_cells_need_no_memory_and_macros_are_said_and_left_alone() {
    let folder = Folder::new();
    let bytes = book(|book| {
        book.add_worksheet()
            .set_name("ICS")
            .unwrap()
            .write_string(0, 0, "Reference")
            .unwrap()
            .write_string(0, 1, "Support")
            .unwrap();
        let page = book.add_worksheet().set_name("16-CodeMin").unwrap();
        page.set_hidden(true);
        rows(page, &[&["ID", "Description"], &["CodeMin-1", "x"]]);
        page.write_string(1_048_575, 16_383, "far away").unwrap();
    });
    let mut parts = changed(&bytes, str::to_owned);
    parts.push(("xl/vbaProject.bin".into(), b"Sub Workbook_Open()".to_vec()));
    let (document, said) = folder.read(&[folder.put("m.xlsm", zip(&parts))]);
    assert_eq!(document["ixit"]["16-CodeMin"], json!([{"id": "CodeMin-1", "description": "x"}]));
    assert_eq!(
        said,
        [
            "note: m.xlsm: it holds macros; they were not run",
            "note: m.xlsm, sheet `16-CodeMin`: the sheet is hidden; it was read"
        ]
    );
}

#[test]
fn fields_as_headings_are_a_table_too() {
    let folder = Folder::new();
    let text = "# IXIT 10-SecParam: Security Parameters\n\nIntro.\n\n## Table C.10: IXIT 10-SecParam (Security Parameters)\n\n\
                ### **ID**: SecParam-Key\n\n#### Description\n\nThe key\nof updates.\n\n#### Type\n\npublic\n\n---\n\n\
                ### **ID**: SecParam-Id\n\n#### Type\n\ncritical\n\n# IXIT 2-UserInfo\n\n## Model Designation\n\nC1\n";
    let (document, said) = folder.read(&[folder.put("dossier.md", text)]);
    assert_eq!(said, Vec::<String>::new());
    assert_eq!(
        document["ixit"],
        json!({
            "10-SecParam": [
                {"id": "SecParam-Key", "description": "The key\nof updates.", "type": "public"},
                {"id": "SecParam-Id", "type": "critical"},
            ],
            "2-UserInfo": {"model_designation": "C1"},
        })
    );
}

#[test]
fn the_json_of_laboratories_is_read() {
    let folder = Folder::new();
    let text = r#"{
      "meta": {"dut_identification": {"model": "A1"}},
      "ics": [{"reference": "Provision 5.6-6", "status": "R", "support": "Y", "detail_justification": "No unused code.", "required_ixit_entries": null}],
      "ixit_tables": {"16-CodeMin": {"rows": [{"id": "CodeMin-1", "description": "Linker."}], "meta": {}},
                      "4-Conf": {"confirmation_of_secure_development": "Confirmed."},
                      "15-Intf": [{"id": "Intf-1", "debug_interface": "no", "type": null}]}
    }"#;
    let (document, said) = folder.read(&[folder.put("ixit.json", text)]);
    assert_eq!(said, ["note: ixit.json:2:15: `meta` is not read (1 keys): which of them mean what is not guessed"]);
    assert_eq!(document["ics"], json!({"5.6-6": {"support": "Y", "detail": "No unused code."}}));
    assert_eq!(document["ixit"]["15-Intf"], json!([{"id": "Intf-1", "debug_interface": false}]));
    assert_eq!(document["ixit"]["4-Conf"], json!({"confirmation_of_secure_development": "Confirmed."}));
}

#[test]
fn tables_that_would_unfold_are_refused_and_end_soon() {
    let folder = Folder::new();
    let wide: String = (0..3_000).map(|n| format!("{{\"k{n}\": 1}},")).collect();
    let long = "x".repeat(400_000);
    let deep = format!("{{\"{long}\": [{}1]}}", "1,".repeat(200_000));
    let many: String = (0..60_000).map(|n| format!("CodeMin-{n},a,b,c\n")).collect();
    let headings: String = (0..1_000).map(|n| format!("### ID: A-{n}\n#### F{n}\n")).collect();
    let cases = [
        ("wide.json", format!("{{\"ixit_tables\": {{\"16-CodeMin\": [{wide}{{}}]}}}}"), "more than 200000 cells"),
        ("deep.json", deep, "is not read"),
        ("16-CodeMin.csv", format!("ID,Description\n{many}"), "more than 200000 cells"),
        ("commas.csv", ",".repeat(4 << 20), "more than 200000 cells"),
        ("pipes.md", "|".repeat(4 << 20), "more than 200000 cells"),
        ("headings.md", format!("# 16-CodeMin\n{headings}"), "more than 200000 cells"),
    ];
    for (name, text, wanted) in cases {
        let (_, said) = folder.read(&[folder.put(name, text)]);
        assert!(said.len() == 1 && said[0].contains(wanted), "{name}: {:.300}", format!("{said:?}"));
    }
}

#[test]
fn noise_is_refused_and_nothing_breaks() {
    use proptest::prelude::*;
    let (folder, shape) = (Folder::new(), shape());
    let good = book(|book| {
        let page = book.add_worksheet().set_name("16-CodeMin").unwrap();
        rows(page, &[&["ID", "Description"], &["CodeMin-1", "x"]]);
    });
    let text = prop::sample::select(vec![
        "|",
        "\n",
        "# IXIT 1-AuthMech\n",
        "### ID: A-1\n",
        "#### Description\n",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "ics",
        "ixit_tables",
        "\u{feff}",
        "\\",
        "json: [",
        "Reference|Support",
        "5.1-1",
        "Y",
        "é",
        "\r",
        "|---|",
        "1",
        "ID",
        "rows",
        "```",
    ]);
    let texts = prop::collection::vec(text, 0..60).prop_map(|parts| parts.concat().into_bytes());
    let bytes = prop_oneof![texts, prop::collection::vec(any::<u8>(), 0..300)];
    let spot = (any::<prop::sample::Index>(), any::<u8>());
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(bytes in bytes, spots in prop::collection::vec(spot, 1..6))| {
        for name in ["n.csv", "n.json", "n.md", "n.xlsx", "ICS.csv"] {
            let _ = read::read(&[folder.put(name, &bytes)], None, &shape);
        }
        let mut broken = good.clone();
        for (at, byte) in spots {
            let at = at.index(broken.len());
            broken[at] = byte;
        }
        let _ = read::read(&[folder.put("m.xlsx", &broken)], None, &shape);
    });
}
