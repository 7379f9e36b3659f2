//! The journal as its export tells it, folded by the test's own rules: nothing here is the switch's code.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use serde_json::Value;

/// What names a message for its terminal: DE41, DE37, DE11. A request's repeats have the same, its reversal has another DE11.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) terminal: String,
    pub(super) rrn: String,
    pub(super) stan: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.terminal, self.rrn, self.stan)
    }
}

/// What a terminal is told: DE39, DE38.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) code: String,
    pub(super) authorization: Option<String>,
}

/// One step in a leg's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Answered(Told),
    Lost(String),
    Reversed { reason: String, stands: u64 },
    Repeated,
    UndoNoted,
    Ended { code: Option<String>, dead: bool },
}

#[derive(Clone, Debug)]
pub(super) struct Leg {
    /// The bank's institution.
    pub(super) bank: u64,
    /// How the bank's ledger names it: DE7-DE11-DE32.
    pub(super) reference: String,
    pub(super) on_timeout: String,
    pub(super) steps: Vec<Step>,
}

impl Leg {
    /// Whether something is still to come of it.
    pub(super) fn is_open(&self) -> bool {
        match self.steps.iter().rfind(|step| !matches!(step, Step::UndoNoted)) {
            None | Some(Step::Reversed { .. } | Step::Repeated) => true,
            Some(Step::Lost(reason)) => reason != "undelivered" && self.on_timeout != "nothing",
            Some(Step::Answered(_) | Step::Ended { .. } | Step::UndoNoted) => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub(super) name: Name,
    pub(super) mti: String,
    /// The first two digits of DE3.
    pub(super) kind: String,
    pub(super) amount: u64,
    pub(super) currency: String,
    /// What its terminal was told, in order: more than one where the first was "in progress".
    pub(super) told: Vec<Told>,
    pub(super) legs: Vec<Leg>,
    /// Whether its acquirer's reversal of it was accepted.
    pub(super) undone: bool,
}

impl Transaction {
    pub(super) fn is_reversal(&self) -> bool {
        self.mti.starts_with("04")
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    pub(super) transactions: BTreeMap<u64, Transaction>,
    /// Numbers of the transactions with this name; more than one only of an inquiry that was repeated.
    pub(super) by_name: HashMap<Name, Vec<u64>>,
    /// Requests whose reversal came first, so that they are refused.
    pub(super) awaited: HashSet<Name>,
    /// The newest block with records.
    pub(super) last_block: u64,
}

impl Journal {
    /// Folds a line of the export.
    pub(super) fn fold(&mut self, line: &Value) {
        self.last_block = number(&line["block"]);
        let code = || string(&line["code"]);
        match line["record"].as_str().expect("a record has a name") {
            "Accepted" => self.insert(line, None),
            "Refused" => self.insert(line, Some(code())),
            "ReversalAnswered" => {
                self.insert(line, Some(code()));
                if let (Some(original), "00") = (line["original"].as_u64(), code().as_str()) {
                    self.transaction(original).undone = true;
                }
                if let Some(stan) = line["awaited"]["stan"].as_str() {
                    let name = self.transaction(number(&line["transaction"])).name.clone();
                    self.awaited.insert(Name { stan: stan.to_owned(), ..name });
                }
            }
            "LegStarted" => {
                let (id, index) = leg_id(line);
                let identity = &line["identity"];
                let transaction = self.transaction(id);
                assert_eq!(index, transaction.legs.len(), "legs come in order");
                let [transmitted, stan] = ["transmitted", "stan"].map(|key| string(&identity[key]));
                let leg = Leg {
                    bank: number(&line["bank"]),
                    reference: format!("{transmitted}-{stan}-{ACQUIRER}"),
                    on_timeout: string(&line["on_timeout"]),
                    steps: Vec::new(),
                };
                transaction.legs.push(leg);
            }
            "LegAnswered" => self.step(line, Step::Answered(told(&line["answer"]))),
            "LegLost" => self.step(line, Step::Lost(string(&line["reason"]))),
            "ReversalStarted" => {
                self.step(line, Step::Reversed { reason: string(&line["reason"]), stands: number(&line["stands"]) });
            }
            "RepeatStarted" => self.step(line, Step::Repeated),
            "UndoNoted" => self.step(line, Step::UndoNoted),
            "ForwardEnded" => {
                let code = line["code"].as_str().map(str::to_owned);
                self.step(line, Step::Ended { code, dead: line["dead"] == true });
            }
            "Answered" => {
                let answer = told(&line["answer"]);
                self.transaction(number(&line["transaction"])).told.push(answer);
            }
            _ => {}
        }
    }

    /// The transaction that a message with this name is; of an inquiry the first.
    pub(super) fn named(&self, name: &Name) -> Option<&Transaction> {
        self.all_named(name).next()
    }

    pub(super) fn all_named(&self, name: &Name) -> impl Iterator<Item = &Transaction> {
        self.by_name.get(name).into_iter().flatten().filter_map(|id| self.transactions.get(id))
    }

    /// What has this name's DE41 and DE11 under another DE37: it may be why a request was refused as a duplicate.
    pub(super) fn alike(&self, name: &Name) -> impl Iterator<Item = &Transaction> {
        self.transactions.values().filter(|it| (&it.name.terminal, &it.name.stan) == (&name.terminal, &name.stan))
    }

    pub(super) fn has_open_legs(&self) -> bool {
        self.transactions.values().any(|it| it.legs.iter().any(Leg::is_open))
    }

    fn insert(&mut self, line: &Value, code: Option<String>) {
        let asked = &line["asked"];
        assert_eq!(string(&asked["acquirer"]), ACQUIRER, "the terminals of this test leave DE32 to the link");
        let [terminal, rrn, stan] = ["terminal", "rrn", "stan"].map(|key| string(&asked[key]).trim().to_owned());
        let transaction = Transaction {
            name: Name { terminal, rrn, stan },
            mti: string(&asked["mti"]),
            kind: string(&asked["processing"]).chars().take(2).collect(),
            amount: number(&asked["amount"]),
            currency: string(&asked["currency"]),
            told: code.map(|code| Told { code, authorization: None }).into_iter().collect(),
            legs: Vec::new(),
            undone: false,
        };
        let id = number(&line["transaction"]);
        self.by_name.entry(transaction.name.clone()).or_default().push(id);
        assert!(self.transactions.insert(id, transaction).is_none(), "number {id} is taken twice");
    }

    fn step(&mut self, line: &Value, step: Step) {
        let (id, index) = leg_id(line);
        self.transaction(id).legs[index].steps.push(step);
    }

    fn transaction(&mut self, id: u64) -> &mut Transaction {
        self.transactions.get_mut(&id).expect("a record is about what was accepted")
    }
}

/// DE32 of everything that comes over the links of this test.
const ACQUIRER: &str = "116000";

fn leg_id(line: &Value) -> (u64, usize) {
    let text = string(&line["leg"]);
    let (id, index) = text.split_once('.').expect("a leg is named by its transaction and its place");
    (id.parse().expect("a number"), index.parse().expect("a number"))
}

fn told(answer: &Value) -> Told {
    Told { code: string(&answer["code"]), authorization: answer["authorization"].as_str().map(|it| it.trim().to_owned()) }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
