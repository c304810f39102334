//! A fake bench, fake checks, and plans written as Rust values.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, missing_docs, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_engine::expr::Expr;
use assay_engine::plan::{
    Action, Bench, Class, Control, Expectation, Input, Level, Plan, Polarity, Product, ResolvedRun, Scope, Step,
    Template, Unit,
};
use assay_engine::run::{RunError, RunOptions, RunOutcome, run};
use assay_model::results::ToolInfo;
use assay_model::{
    AddressBook, BenchProvider, BenchRequest, Check, CheckContext, CheckInfo, CheckKind, Diagnostic, Direction, Dut,
    DutOrigin, Effect, EvidenceKind, EvidenceStream, Exchange, Fault, Limits, OpenBench, OpenDut, Outcome, Recorder,
    SampleId, SourceFile, Span, StreamMeta, Touches,
};
use async_trait::async_trait;
use serde_json::{Map, Value, json};

pub const LABEL_SECRET: &str = "k7-label-Pass/word+9";
pub const FILE_SECRET: &str = "from-a-file-3141";

/// What a fake check does when it is called; shared by all units of a test.
#[derive(Default)]
pub struct World {
    pub calls: AtomicUsize,
    pub closed: AtomicUsize,
    pub opened: AtomicUsize,
    pub recorders: Mutex<Vec<Arc<dyn Recorder>>>,
    pub heard: Mutex<Vec<Value>>,
    pub run_streams: Mutex<Vec<Box<dyn EvidenceStream>>>,
}

pub struct FakeProvider {
    pub world: Arc<World>,
    pub samples: usize,
    pub open_fault: Option<Fault>,
}

struct FakeBench {
    world: Arc<World>,
    samples: usize,
}

#[async_trait]
impl BenchProvider for FakeProvider {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn lint(&self, _request: &BenchRequest) -> Vec<Diagnostic> {
        Vec::new()
    }
    async fn open(&self, _request: &BenchRequest) -> Result<Box<dyn OpenBench>, Fault> {
        self.world.opened.fetch_add(1, Ordering::SeqCst);
        match &self.open_fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(Box::new(FakeBench { world: self.world.clone(), samples: self.samples })),
        }
    }
}

#[async_trait]
impl OpenBench for FakeBench {
    fn duts(&self) -> Vec<OpenDut> {
        (1..=self.samples)
            .map(|n| OpenDut {
                dut: Arc::new(Dut {
                    id: format!("s{n}"),
                    host: Some(format!("127.77.0.{n}")),
                    provides: vec!["network".into()],
                    ..Dut::default()
                }),
                origin: DutOrigin { kind: "fake".into(), defects: Vec::new() },
                label: BTreeMap::from([
                    ("serial".to_owned(), json!(format!("SN-{n}"))),
                    ("password".to_owned(), json!({"secret": {"label": LABEL_SECRET}})),
                ]),
            })
            .collect()
    }
    fn addresses(&self) -> Arc<AddressBook> {
        Arc::new(AddressBook::new())
    }
    async fn touches(&self, dut: &SampleId, run: Arc<dyn Recorder>) -> Result<Touches, Fault> {
        let mut console = run.stream(stream("console", "serial console"));
        console.append(Direction::In, format!("boot of {dut}\r\nlabel {}", &LABEL_SECRET[..7]).as_bytes());
        console.append(Direction::In, &LABEL_SECRET.as_bytes()[7..]);
        console.append(Direction::Out, b"hello\n");
        self.world.run_streams.lock().expect("lock").push(console);
        Ok(Touches::default())
    }
    fn recorded(&self, touches: &Touches, step: Arc<dyn Recorder>) -> Touches {
        self.world.recorders.lock().expect("lock").push(step);
        touches.clone()
    }
    async fn close(&self) {
        self.world.closed.fetch_add(1, Ordering::SeqCst);
    }
}

pub fn stream(file: &str, title: &str) -> StreamMeta {
    StreamMeta {
        kind: EvidenceKind::Serial,
        title: title.into(),
        source: "/dev/fake".into(),
        file: file.into(),
        settings: Map::new(),
    }
}

/// A check that does what its parameter `do` says.
pub struct Fake {
    info: CheckInfo,
    world: Arc<World>,
}

pub fn fake(world: &Arc<World>, name: &'static str, kind: CheckKind) -> Arc<dyn Check> {
    let info = CheckInfo {
        name,
        question: "?",
        evidence_for: "",
        does_not_show: "",
        effect: Effect::Active,
        kind,
        needs: &[],
        params: json!({}).into(),
        observation: json!({}).into(),
    };
    Arc::new(Fake { info, world: world.clone() })
}

#[async_trait]
impl Check for Fake {
    fn info(&self) -> &CheckInfo {
        &self.info
    }

    async fn run(&self, cx: &CheckContext, params: Value) -> Result<Value, Fault> {
        let call = self.world.calls.fetch_add(1, Ordering::SeqCst);
        self.world.heard.lock().expect("lock").push(params.clone());
        let recorder = self.world.recorders.lock().expect("lock").pop();
        match params["do"].as_str().unwrap_or_default() {
            "fault" => Err(Fault::bench("cable", "the cable is out")),
            "fault-once" if call == 0 => Err(Fault::bench("cable", "the cable is out")),
            "hang" => std::future::pending().await,
            "panic" => panic!("the check broke over {}", params["password"]),
            "slow" => {
                tokio::time::sleep(Duration::from_millis(params["ms"].as_u64().unwrap_or(50))).await;
                Ok(json!({"up": true}))
            }
            "leak" => {
                cx.secrets.register("password", "chosen-by-the-check");
                let recorder = recorder.expect("recorder");
                recorder.exchange(Exchange {
                    protocol: "fake".into(),
                    started_ns: 1,
                    ended_ns: 2,
                    request: json!({"password": params["password"], "also": "chosen-by-the-check"}),
                    outcome: Outcome::Response(
                        json!({"base64": base64_of(&[b"\xff", LABEL_SECRET.as_bytes()].concat())}),
                    ),
                });
                let mut console = recorder.stream(stream("session", "a session"));
                for byte in format!("login: {LABEL_SECRET} chosen-by-the-check late-secret-77").bytes() {
                    console.append(Direction::In, &[byte]);
                }
                drop(console);
                let wide: Vec<u16> = LABEL_SECRET.encode_utf16().collect();
                let utf16: Vec<u8> = wide.iter().flat_map(|u| u.to_le_bytes()).collect();
                let mut dump = recorder.stream(stream("dump.bin", "a dump"));
                dump.append(Direction::In, &utf16);
                let mut late = recorder.stream(stream("late.txt", "learned late"));
                late.append(Direction::In, b"the key is late-secret-99 indeed");
                cx.secrets.register("key", "late-secret-99");
                cx.secrets.register("key", "late-secret-77");
                cx.progress.step(1, 2, LABEL_SECRET);
                Ok(json!({"up": true, "echo": params["password"], "hex": hex_of(LABEL_SECRET)}))
            }
            // Two units in this order: the second learns that what the first saw was a secret.
            "see-early" => {
                let recorder = recorder.expect("recorder");
                recorder.exchange(Exchange {
                    protocol: "fake".into(),
                    started_ns: 1,
                    ended_ns: 2,
                    request: json!({}),
                    outcome: Outcome::Response(json!({"memory": LEARNED_LATE})),
                });
                let mut log = recorder.stream(stream("boot", "a boot log"));
                log.append(Direction::In, format!("boot: key={LEARNED_LATE}\n").as_bytes());
                Ok(json!({"up": true, "key": LEARNED_LATE}))
            }
            "learn" => {
                tokio::time::sleep(Duration::from_millis(300)).await; // what the first saw is on the disk by now
                cx.secrets.register("key", LEARNED_LATE);
                Ok(json!({"up": true}))
            }
            "flood" => {
                let mut console = recorder.expect("recorder").stream(stream("flood", "a flood"));
                let chunk = vec![b'x'; 1 << 16];
                for _ in 0..params["chunks"].as_u64().unwrap_or(0) {
                    console.append(Direction::In, &chunk);
                }
                Ok(json!({"up": true}))
            }
            "drop" => {
                let mut console = recorder.expect("recorder").stream(stream("lossy", "a lossy capture"));
                console.dropped(7, "buffer full");
                Ok(json!({"up": true}))
            }
            "spoil" => {
                // As a full disk would: the next item of evidence cannot be made.
                let folder = std::fs::canonicalize(params["folder"].as_str().expect("folder")).expect("folder");
                std::fs::remove_dir_all(&folder).expect("remove");
                std::fs::write(&folder, "in the way").expect("write");
                recorder.expect("recorder").stream(stream("x", "x"));
                Ok(json!({"up": true}))
            }
            _ => {
                let mut seen = json!({"up": true, "host": cx.dut.host, "call": call});
                if let (Some(seen), Some(more)) = (seen.as_object_mut(), params["see"].as_object()) {
                    seen.extend(more.clone());
                }
                Ok(seen)
            }
        }
    }
}

pub fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub fn hex_of(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

pub fn expr(source: &str) -> Expr {
    Expr::standalone(source, "test").expect("compiles")
}

pub fn span() -> Span {
    Span { file: source("plan.yaml", "plan\n"), bytes: 0..1 }
}

pub fn source(path: &str, text: &str) -> Arc<SourceFile> {
    Arc::new(SourceFile { path: path.into(), text: text.into() })
}

pub fn step(check: &Arc<dyn Check>, with: Value, name: &str) -> Step {
    Step {
        action: Action::Check { check: check.clone(), with: template(with) },
        name: (!name.is_empty()).then(|| name.to_owned()),
        per_sample: false,
        unless: None,
        deadline: None,
        span: span(),
    }
}

/// Strings that begin with `=` are expressions.
pub fn template(value: Value) -> Template {
    match value {
        Value::String(text) if text.starts_with('=') => Template::Expr(expr(&text[1..])),
        Value::Object(map) => Template::Map(map.into_iter().map(|(k, v)| (k, template(v))).collect()),
        Value::Array(items) => Template::List(items.into_iter().map(template).collect()),
        other => Template::Literal(other),
    }
}

pub fn expect(that: &str) -> Expectation {
    Expectation {
        that: expr(that),
        why: None,
        show: None,
        polarity: Polarity::Absence,
        level: Level::Must,
        span: span(),
    }
}

pub fn presence(that: &str) -> Expectation {
    Expectation { polarity: Polarity::Presence, ..expect(that) }
}

pub fn control(step: Step, that: &str) -> Control {
    Control { step, expect: expr(that), once: false }
}

pub fn unit(id: &str, steps: Vec<Step>, expect: Vec<Expectation>) -> Unit {
    Unit {
        id: id.into(),
        also: Vec::new(),
        catalogue: None,
        title: format!("title of {id}"),
        question: "is it so?".into(),
        scope: Scope::Each,
        min_samples: None,
        needs: Vec::new(),
        effect: Effect::Active,
        deadline: Duration::from_secs(20),
        retries: 0,
        when: None,
        control: Vec::new(),
        steps,
        expect,
        finally: Vec::new(),
        tags: Vec::new(),
        class: Class::Automated,
        lacks: Vec::new(),
        deselected: None,
        span: span(),
    }
}

/// Seen by one unit, and registered by a later one.
pub const LEARNED_LATE: &str = "qzx-Ungu3ssable";

pub fn plan(units: Vec<Unit>) -> Plan {
    Plan {
        name: "plan-1".into(),
        title: "a plan".into(),
        basis: Vec::new(),
        profile: None,
        file: source("plan.yaml", "plan\n"),
        sha256: "0".repeat(64),
        params: Map::new(),
        policy: Vec::new(),
        over: None,
        shared: Vec::new(),
        inventory: Vec::new(),
        units,
    }
}

pub fn resolved(world: &Arc<World>, samples: usize, plan: Plan) -> ResolvedRun {
    let provider = Arc::new(FakeProvider { world: world.clone(), samples, open_fault: None });
    with_provider(provider, plan)
}

pub fn with_provider(provider: Arc<dyn BenchProvider>, plan: Plan) -> ResolvedRun {
    let request = BenchRequest {
        bench: "fake-bench".into(),
        provider: "fake".into(),
        settings: json!({}),
        duts: Vec::new(),
        samples: Vec::new(),
        defects: Vec::new(),
        sample_count: None,
        folder: PathBuf::new(),
        dossier: None,
        permits: vec![Effect::Active],
        limits: Limits::default(),
    };
    let file = source("bench.yaml", "bench\n");
    let bench = Bench {
        request,
        provider,
        equipment: Vec::new(),
        lab_key: None,
        file: file.clone(),
        product: None,
        answers: None,
    };
    let dossier = source("product.yaml", &format!("password: \"{LABEL_SECRET}\"\n"));
    let product = Product {
        product: Map::from_iter([("name".to_owned(), json!("Camera"))]),
        editions: Map::new(),
        samples: vec![
            json!({"id": "s1", "batch": "B-1", "serial": "overridden", "password": {"secret": {"label": LABEL_SECRET}}}),
        ],
        ics: Map::new(),
        ixit: Map::from_iter([(
            "auth_mech".to_owned(),
            json!([{"id": "A-1", "factor": "password"}, {"id": "A-2", "factor": "key"}]),
        )]),
        procedures: Value::Null,
        external: Vec::new(),
        file: dossier.clone(),
    };
    let input = |role, file: &Arc<SourceFile>| Input { role, file: file.clone(), sha256: "0".repeat(64) };
    ResolvedRun {
        inputs: vec![input("plan", &plan.file), input("bench", &file), input("product", &dossier)],
        plans: vec![plan],
        bench: Some(bench),
        product: Some(product),
        lab: None,
        answers: None,
        waivers: Vec::new(),
        survey: None,
        warnings: Vec::new(),
    }
}

pub fn options(out: &Path) -> RunOptions {
    let tool = ToolInfo { name: "assay".into(), version: "0".into(), target: "test".into() };
    RunOptions { argv: vec!["assay".into(), "run".into(), LABEL_SECRET.into()], ..RunOptions::new(out, tool) }
}

pub async fn run_in(out: &Path, resolved: ResolvedRun) -> Result<RunOutcome, RunError> {
    let (events, _) = tokio::sync::broadcast::channel(1024);
    run(resolved, options(out), events).await
}

/// Every file below a folder with its bytes.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).expect("file");
            found.push((path, bytes));
        }
    }
    found
}
