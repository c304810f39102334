use assay_model::Effect;

use super::*;

fn unit(id: &str, verdict: Verdict) -> (String, UnitResult) {
    let (case, _) = id.split_once(' ').expect("a letter");
    let (group, _) = case.rsplit_once('-').expect("a case");
    let result = UnitResult {
        verdict,
        title: String::new(),
        question: String::new(),
        plan: "p".into(),
        class: "automated".into(),
        kind: "functional".into(),
        provision: group.into(),
        case: case.into(),
        group: group.into(),
        catalogue: "c".into(),
        effect: Effect::Passive,
        uses: Vec::new(),
        decided_with: None,
        samples: BTreeMap::new(),
        cross_sample: None,
        waived: None,
        overridden: None,
    };
    (id.to_owned(), result)
}

fn left_out(id: &str) -> Place {
    place(id, &unit(id, Verdict::NotRun).1)
}

fn document(group: &str, accepted: bool) -> ExternalEvidence {
    ExternalEvidence {
        groups: vec![group.into()],
        issuer: "A lab".into(),
        number: "C-1".into(),
        edition: "1".into(),
        scope: "all".into(),
        issued: "2026-01-01".into(),
        valid_until: "2027-01-01".into(),
        accepted,
        refused: String::new(),
        evidence: None,
    }
}

fn folded(units: &[(&str, Verdict)], out: &[&str], external: &[ExternalEvidence], strict: &[&str]) -> Groups {
    let units = units.iter().map(|(id, verdict)| unit(id, *verdict)).collect();
    let left_out: Vec<Place> = out.iter().map(|id| left_out(id)).collect();
    let strict = strict.iter().map(|&case| case.to_owned()).collect();
    fold(&Parts { units: &units, left_out: &left_out, external, strict: &strict })
}

fn word(map: &indexed::Map<GroupResult>, id: &str) -> Verdict {
    map.get(id).expect("there").verdict
}

#[test]
fn units_make_cases_and_cases_make_groups() {
    let groups = folded(
        &[
            ("1-1-1 a", Verdict::Pass),
            ("1-1-1 b", Verdict::NotApplicable),
            ("1-1-2 a", Verdict::Inconclusive),
            ("1-2-1 a", Verdict::Pass),
        ],
        &[],
        &[],
        &[],
    );
    assert_eq!(word(&groups.cases, "1-1-1"), Verdict::Pass);
    assert_eq!(word(&groups.cases, "1-1-2"), Verdict::Inconclusive);
    assert_eq!(word(&groups.groups, "1-1"), Verdict::Inconclusive);
    assert_eq!(word(&groups.provisions, "1-2"), Verdict::Pass);
    assert_eq!(groups.groups.get("1-1").expect("there").units, ["1-1-1 a", "1-1-1 b", "1-1-2 a"]);
}

#[test]
fn a_unit_that_was_left_out_keeps_its_case_from_passing() {
    let groups =
        folded(&[("1-1-1 a", Verdict::Pass), ("1-2-1 a", Verdict::Fail)], &["1-1-1 b", "1-2-1 b", "1-3-1 a"], &[], &[]);
    assert_eq!(word(&groups.groups, "1-1"), Verdict::NotRun);
    assert_eq!(word(&groups.groups, "1-2"), Verdict::Fail, "a violation is one, whatever was left out");
    assert!(groups.groups.get("1-3").is_none(), "of a group that nobody asked for nothing is said");
    assert_eq!(groups.cases.get("1-1-1").expect("there").units, ["1-1-1 a"]);
}

#[test]
fn a_strict_lab_fails_what_cannot_be_determined_and_nothing_else() {
    let units = [
        ("1-1-1 a", Verdict::Inconclusive),
        ("1-1-2 a", Verdict::Error),
        ("1-1-3 a", Verdict::NotRun),
        ("1-2-1 a", Verdict::Inconclusive),
    ];
    let groups = folded(&units, &[], &[], &["1-1-1", "1-1-2", "1-1-3"]);
    let case = groups.cases.get("1-1-1").expect("there");
    assert_eq!((case.verdict, case.raw), (Verdict::Fail, Some(Verdict::Inconclusive)));
    assert_eq!(word(&groups.cases, "1-1-2"), Verdict::Error, "the lab's trouble is not the product's");
    assert_eq!(word(&groups.cases, "1-1-3"), Verdict::NotRun);
    assert_eq!(word(&groups.groups, "1-1"), Verdict::Fail);
    assert_eq!(word(&groups.groups, "1-2"), Verdict::Inconclusive, "another standard's case");
}

#[test]
fn a_document_from_elsewhere_covers_a_group_and_says_so() {
    let accepted = [document("1-1", true)];
    let covered = folded(&[("2-1-1 a", Verdict::Pass)], &["1-1-1 a"], &accepted, &[]);
    let group = covered.groups.get("1-1").expect("there");
    assert_eq!(
        (group.verdict, group.raw, group.external.as_deref()),
        (Verdict::Pass, Some(Verdict::NotRun), Some("C-1"))
    );
    assert_eq!(covered.provisions.get("1-1").expect("there").external.as_deref(), Some("C-1"));
    assert_eq!(covered.groups.get("2-1").expect("there").external, None);
    assert_eq!(word(&covered.cases, "1-1-1"), Verdict::NotRun, "the case was not run, and does not look as if");

    let undecided = folded(&[("1-1-1 a", Verdict::Inconclusive)], &[], &accepted, &[]);
    assert_eq!(word(&undecided.groups, "1-1"), Verdict::Pass);
    let refuted = folded(&[("1-1-1 a", Verdict::Fail)], &[], &accepted, &[]);
    let group = refuted.groups.get("1-1").expect("there");
    assert_eq!((group.verdict, &group.external), (Verdict::Fail, &None), "what fails here is not covered by paper");
    let expired = folded(&[("1-1-1 a", Verdict::NotRun)], &[], &[document("1-1", false)], &[]);
    assert_eq!(word(&expired.groups, "1-1"), Verdict::NotRun);
}
