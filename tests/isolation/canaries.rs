//! Canary secrets of many forms, through every way in; then every place where something
//! is kept, shown or told is searched for them, in clear and in the usual encodings.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azimuth_app::log_writer::CleanLines;
use azimuth_domain::canonical::sha256_hex;
use azimuth_ports::model::ModelRequest;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::{ENDED, Person};
use azimuth_tests::script::{Line, Script, call, question, say, step_of};
use azimuth_tests::tools::Behaviour;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

const PATIENCE: Duration = Duration::from_mins(1);

/// What every canary begins with, so that one search finds any of them.
const MARKER: &str = "CanaryZq9";
/// What is no secret, and must be found where it was put.
const CONTROL: &str = "ControlZq9plain";

/// Forms of secrets, each around a core that no two share.
const FORMS: usize = 12;

/// Makes canaries, and counts them.
#[derive(Default)]
struct Cage(Mutex<usize>);

impl Cage {
    fn core(&self) -> String {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        format!("{MARKER}{}", &sha256_hex(count.to_string())[..20])
    }

    fn count(&self) -> usize {
        *self.0.lock().unwrap()
    }

    fn one(&self, form: usize) -> String {
        let core = self.core();
        let padded = |length: usize| format!("{core}{}", "aB3d".repeat(24))[..length].to_owned();
        match form % FORMS {
            0 => format!("Password={core};"),
            1 => format!("AccountKey={}==;", padded(86)),
            2 => format!("eyJ{core}.eyJ{core}.{core}"),
            3 => format!("Authorization: Bearer {core}"),
            4 => format!("https://st.blob.core.windows.net/c?sv=1&sig={core}%3D"),
            5 => format!("https://user:{core}@host.example/path"),
            6 => format!("-----BEGIN PRIVATE KEY-----\n{core}\n-----END PRIVATE KEY-----"),
            7 => format!("npm_{}", padded(36)),
            8 => format!("client_secret={core}"),
            9 => format!("{{\"apiKey\":\"{core}\"}}"),
            10 => format!("SharedAccessKeyName=n;SharedAccessKey={core};"),
            _ => format!("refresh_token={core}"),
        }
    }

    /// One of every form.
    fn all(&self) -> String {
        let all: Vec<String> = (0..FORMS).map(|form| self.one(form)).collect();
        all.join(" and ")
    }
}

/// `word` in clear and in the encodings that something might keep it in.
fn spellings(word: &str) -> Vec<String> {
    let bytes = word.as_bytes();
    let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|b| write(*b)).collect::<String>();
    let mut all = vec![
        word.to_owned(),
        each(&|b| format!("{b:02x}")),
        each(&|b| format!("{b:02X}")),
        each(&|b| format!("%{b:02X}")),
        each(&|b| format!("%{b:02x}")),
        each(&|b| format!("\\u{b:04x}")),
        each(&|b| format!("\\u{b:04X}")),
    ];
    // Base64 at each of its three alignments, without what its neighbours decide.
    for (before, skipped) in [(0, 0), (1, 2), (2, 3)] {
        let text = STANDARD.encode([vec![0; before].as_slice(), bytes].concat());
        let whole = (before + bytes.len()) * 8 / 6;
        let inner = text[skipped..whole].to_owned();
        all.push(inner.replace('+', "-").replace('/', "_"));
        all.push(inner);
    }
    all
}

fn finds(sink: &str, word: &str) -> Vec<String> {
    let all = spellings(word).into_iter();
    all.filter(|spelling| sink.contains(spelling.as_str()))
        .collect()
}

fn spelt(word: &str, as_text: impl Fn(u8) -> String) -> String {
    let letters: Vec<String> = word.bytes().map(as_text).collect();
    letters.concat()
}

#[test]
fn the_search_finds_every_spelling() {
    let hidden = format!("x{MARKER}y");
    for sink in [
        hidden.clone(),
        STANDARD.encode(format!("-{hidden}")),
        STANDARD.encode(&hidden),
        STANDARD.encode(format!("--{hidden}")),
        spelt(&hidden, |b| format!("{b:02x}")),
        spelt(&hidden, |b| format!("%{b:02X}")),
        spelt(&hidden, |b| format!("\\u{b:04x}")),
    ] {
        assert!(!finds(&sink, MARKER).is_empty(), "{sink}");
    }
    assert!(finds("nothing of it", MARKER).is_empty());
}

/// A log that is kept, line by line as it would be written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.line(|fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        self.line(|fields| values.record(fields));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.line(|fields| event.record(fields));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

impl Kept {
    fn line(&self, record: impl FnOnce(&mut Fields)) {
        let mut fields = Fields(String::new());
        record(&mut fields);
        fields.0.push('\n');
        let mut kept = self.0.lock().unwrap();
        CleanLines(&mut *kept)
            .write_all(fields.0.as_bytes())
            .unwrap();
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let value = json!(format!("{value:?}"));
        let member = format!("\"{}\":{value},", field.name());
        self.0.push_str(&member);
    }
}

/// A model that blurts secrets out, in text or in arguments, where it is asked to.
fn blurt(cage: &Cage, request: &ModelRequest) -> Vec<Line> {
    if step_of(request) > 0 {
        return vec![say(&format!("Done. {}", cage.all()))];
    }
    match question(request).split(' ').next().unwrap_or_default() {
        "say" => vec![say(&format!("{CONTROL} ")), say(&cage.all())],
        "list" => vec![call("c", "thing_list", &json!({"name": "a"}))],
        "give" => vec![call(
            "c",
            "thing_create",
            &json!({"name": "a", "value": cage.all()}),
        )],
        "show" => vec![call("c", "thing_list", &json!({"secret": "db"}))],
        _ => vec![say("I see.")],
    }
}

/// Everything that is looked into, by name.
type Sinks = Vec<(String, String)>;

struct Flight {
    cage: Arc<Cage>,
    model: Arc<Script>,
    app: TestApp,
    alice: Person,
    carol: Person,
    turns: Vec<(String, String)>,
    sinks: Sinks,
}

impl Flight {
    fn saw(&mut self, what: &str, answer: &impl std::fmt::Debug) {
        self.sinks.push((what.to_owned(), format!("{answer:?}")));
    }

    /// Follows a turn to its end; carol says yes or no, with a reason that holds one.
    async fn follow(&mut self, turn: &str, decision: &str) -> Value {
        let states = ["waiting", ENDED[0], ENDED[1], ENDED[2]];
        let mut view = self.alice.wait_for(turn, &states, PATIENCE).await;
        if view["status"] == "waiting" {
            self.saw("a turn that waits", &view);
            let approval = &view["calls"][0]["approval"];
            let path = format!(
                "/v1/approvals/{}",
                approval["approval_id"].as_str().unwrap()
            );
            let card = self.carol.get(&path).await;
            self.saw("an approval", &card);
            let body = json!({"decision": decision, "digest": approval["digest"],
                "reason": self.cage.one(self.turns.len())});
            let decided = self.carol.post(&format!("{path}/decision"), body).await;
            assert_eq!(decided.status, 200, "{decided:?}");
            self.saw("a decision", &decided);
            view = self.alice.wait_for(turn, &ENDED, PATIENCE).await;
        }
        let conversation = view["conversation_id"].as_str().unwrap().to_owned();
        self.turns.push((turn.to_owned(), conversation));
        self.saw("a turn", &view);
        view
    }

    async fn ask(&mut self, text: &str, decision: &str) -> Value {
        let conversation = self.alice.converse().await;
        let turn = self.alice.ask(&conversation, text).await;
        self.follow(&turn, decision).await
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let path = format!("/v1/tools/fake/{tool}/calls");
        let accepted = self
            .alice
            .post(&path, json!({"arguments": arguments}))
            .await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        self.follow(&accepted.text("turn_id"), "approve").await
    }

    /// What people say.
    async fn messages(&mut self) {
        for _ in 0..12 {
            let text = format!("remember {}", self.cage.all());
            self.ask(&text, "approve").await;
        }
        for number in 0..FORMS {
            let title = format!("about Password={};", self.cage.core());
            let made = self
                .alice
                .post("/v1/conversations", json!({"title": title}))
                .await;
            self.saw("a conversation", &made);
            let settings = self
                .alice
                .request(Method::PATCH, "/v1/settings")
                .header("if-match", "*");
            let name = format!("client_secret={}", self.cage.core());
            let changed = self
                .alice
                .send(settings.json(&json!({"default_subscription": name})))
                .await;
            self.saw("settings", &changed);
            let wrong = json!({"text": "x", self.cage.one(number): 1});
            let path = format!("/v1/conversations/{}/turns", made.text("id"));
            let refused = self.alice.post(&path, wrong).await;
            assert_eq!(refused.status, 422, "{refused:?}");
            self.saw("a problem", &refused);
            let stranger = Person::new("a stranger", &self.app.api, &self.cage.core());
            let refused = stranger.get("/v1/me").await;
            assert_eq!(refused.status, 401);
            self.saw("a refused token", &refused);
            let key = self.cage.core();
            let asked = self
                .alice
                .post_with_key(&path, &key, json!({"text": "hello"}))
                .await;
            let turn = asked.text("turn_id");
            self.follow(&turn, "approve").await;
            let path = format!("/v1/conversations?q=Password%3D{}%3B", self.cage.core());
            let found = self.alice.get(&path).await;
            self.saw("a search", &found);
        }
    }

    /// What tools are given and say.
    async fn tools(&mut self) {
        let everything = self.cage.all();
        self.app.tools.change(|tools| {
            for tool in tools {
                tool.description = format!("{} {everything}", tool.description);
            }
        });
        for _ in 0..4 {
            let value = self.cage.all();
            // It says what it was given.
            self.app
                .tools
                .will("thing_create", [Behaviour::Says(json!({"echo": value}))]);
            self.call("thing_create", json!({"name": "a", "value": value}))
                .await;
        }
        for _ in 0..10 {
            let says =
                json!({"text": self.cage.all(), "list": [{"clientSecret": self.cage.core()}]});
            self.app.tools.will("thing_list", [Behaviour::Says(says)]);
            self.ask("list", "approve").await;
        }
        for _ in 0..4 {
            for behaviour in [
                Behaviour::Fails(400, self.cage.all()),
                Behaviour::Unclear(self.cage.all()),
                Behaviour::NotStarted(self.cage.all()),
            ] {
                self.app.tools.will("thing_list", [behaviour]);
                self.ask("list", "approve").await;
            }
        }
    }

    /// What a model says, and puts into arguments.
    async fn model(&mut self) {
        for _ in 0..8 {
            self.ask("say it", "approve").await;
        }
        for decision in ["approve", "deny", "approve", "deny"] {
            self.ask("give it", decision).await;
        }
    }

    /// What a vault reveals: words that have no form at all.
    async fn revealed(&mut self) {
        for number in 0..8 {
            let secret = self.cage.core();
            let behaviour = Behaviour::Says(json!({"name": "db", "content": secret}));
            self.app.tools.will("thing_list", [behaviour]);
            let view = self.ask("show it", "approve").await;
            // Some are read and some are not.
            if number % 2 == 0 {
                let call = view["calls"][0]["call_id"].as_str().unwrap();
                let path = format!(
                    "/v1/turns/{}/calls/{call}/result",
                    view["id"].as_str().unwrap()
                );
                let given = self.alice.get(&path).await;
                assert_eq!(
                    (given.status, &given.body["content"]),
                    (200, &json!(secret))
                );
                self.sinks.push((
                    "the second reading".to_owned(),
                    format!("{:?}", self.alice.get(&path).await),
                ));
            }
        }
    }

    /// Collects what lies and shows anywhere.
    async fn collect(&mut self, log: &Kept) {
        for (turn, conversation) in std::mem::take(&mut self.turns) {
            let events = self.alice.events(&turn, 0).await.all().await;
            self.saw("events", &events);
            for path in ["messages", "export"] {
                let path = format!("/v1/conversations/{conversation}/{path}");
                let shown = self.alice.get(&path).await;
                self.saw("a conversation's messages", &shown);
            }
        }
        for path in [
            "/v1/audit/export",
            "/v1/audit?limit=100",
            "/v1/approvals?state=all",
        ] {
            let shown = self.carol.get(path).await;
            self.saw(path, &shown);
        }
        let prompts = self.model.asked();
        self.saw("what the model was asked", &prompts);
        let log = log.0.lock().unwrap().clone();
        self.sinks.push((
            "the log".to_owned(),
            String::from_utf8_lossy(&log).into_owned(),
        ));
        for entry in std::fs::read_dir(self.app.data()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let name = path.display().to_string();
                self.sinks
                    .push((name, String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
}

#[tokio::test]
async fn no_canary_is_found_anywhere_and_what_is_no_secret_is() {
    let log = Kept::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let cage = Arc::new(Cage::default());
    let cages = cage.clone();
    let model = Script::answering(move |request| blurt(&cages, request));
    let shape = AppShape {
        quotas: false,
        ..AppShape::with(model.clone())
    };
    let app = TestApp::start(shape).await;
    let mut flight = Flight {
        alice: app.person("alice").await,
        carol: app.person("carol").await,
        cage: cage.clone(),
        model,
        app,
        turns: Vec::new(),
        sinks: Vec::new(),
    };
    tracing::info!("{CONTROL} {}", cage.all());
    flight.ask(&format!("remember {CONTROL}"), "approve").await;
    flight.messages().await;
    flight.tools().await;
    flight.model().await;
    flight.revealed().await;
    flight.collect(&log).await;

    assert!(cage.count() >= 500, "only {} canaries", cage.count());
    let mut found = Vec::new();
    let mut controls = 0;
    for (name, sink) in &flight.sinks {
        for spelling in finds(sink, MARKER) {
            let at = sink.find(&spelling).unwrap_or_default();
            let around = sink.get(at.saturating_sub(80)..(at + 60).min(sink.len()));
            found.push(format!("{name}: {spelling}: {around:?}"));
        }
        controls += usize::from(!finds(sink, CONTROL).is_empty());
    }
    assert!(
        found.is_empty(),
        "{} found, first {:#?}",
        found.len(),
        &found[..found.len().min(6)]
    );
    for name in ["the log", "events", "what the model was asked"] {
        let mut of_name = flight.sinks.iter().filter(|(sink, _)| sink == name);
        assert!(
            of_name.any(|(_, text)| text.contains(CONTROL)),
            "the search sees nothing in {name}"
        );
    }
    assert!(
        controls >= 5,
        "the search sees the control in {controls} sinks only"
    );
    println!(
        "{} canaries in {} sinks: none found; the control in {controls}",
        cage.count(),
        flight.sinks.len()
    );
}
