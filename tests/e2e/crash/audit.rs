//! The checker: does what terminals saw, what the journal holds and what stands at the banks tell one story?
//!
//! Knows the rules of the domain, by heart and once more. Reads the journal's export and the ledgers; asks the switch nothing.

use std::collections::{BTreeMap, HashMap};

use bank_adapters::reference::OperationState;

use super::journal::{Journal, Leg, Name, Step, Told, Transaction};
use super::ledger::Ledger;

/// What a terminal has sent, as its owner remembers it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// The first two digits of DE3.
    pub(super) kind: &'static str,
    pub(super) amount: u64,
    pub(super) currency: &'static str,
    pub(super) bank: String,
    /// The customer's.
    pub(super) account: String,
    /// Whether the terminal can give deposited cash back.
    pub(super) escrow: bool,
}

/// A terminal saw this message answered so.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) name: Name,
    pub(super) told: Told,
}

/// All that is known from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// By DE37.
    pub(super) sent: HashMap<String, Sent>,
    pub(super) seen: Vec<Seen>,
    /// What repeats of settled requests were answered, after everything had come to rest.
    pub(super) repeated: Vec<Seen>,
    pub(super) journal: Journal,
    pub(super) ledgers: Vec<Ledger>,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// A terminal saw an answer to what the journal does not know.
    Missing(String),
    /// The journal has another answer than the terminal saw.
    OtherAnswer(String),
    /// A repeat was answered otherwise than the rule says.
    OtherRepeat(String),
    /// A request was taken twice.
    TakenTwice(String),
    /// The journal has what nobody sent, or not as it was sent.
    NeverSent(String),
    /// A leg, or its terminal, still waits.
    Stuck(String),
    /// A leg was given up.
    DeadLetter(String),
    /// A leg, or its answer, went another way than its kind's rule.
    AgainstRule(String),
    /// A bank's operation is not what the journal says.
    OtherOperation(String),
    /// Customers' money has moved otherwise than the journal says.
    OtherMoney(String),
    /// An effect is there twice.
    Doubled(String),
    /// A ledger does not sum to zero.
    Unbalanced(String),
}

/// What must follow when a leg's outcome is unknown (the table of timeouts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Reverse,
    Repeat,
    Nothing,
}

impl Rule {
    fn of(kind: &str, escrow: bool) -> Self {
        match kind {
            "00" | "01" | "20" => Self::Reverse,
            "21" if escrow => Self::Reverse,
            "21" | "26" => Self::Repeat,
            _ => Self::Nothing,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Reverse => "reverse",
            Self::Repeat => "repeat",
            Self::Nothing => "nothing",
        }
    }

    /// What the terminal is told meanwhile.
    fn code(self) -> &'static str {
        if self == Self::Repeat { "09" } else { "91" }
    }
}

/// What must stand at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Approved(u64),
    Reversed(u64),
    Nothing,
}

impl Stands {
    fn minor(self) -> u64 {
        match self {
            Self::Approved(minor) | Self::Reversed(minor) => minor,
            Self::Nothing => 0,
        }
    }

    /// From a leg's whole life; `None` where its end contradicts its beginning.
    fn after(leg: &Leg, amount: u64) -> Option<Self> {
        let mut now = Self::Nothing;
        let mut undoing = None;
        for step in &leg.steps {
            match step {
                Step::Answered(told) if told.code == "00" && amount > 0 => now = Self::Approved(amount),
                Step::Reversed { stands, .. } => undoing = Some(*stands),
                Step::Ended { code, .. } => match (undoing, code.as_deref(), now) {
                    (Some(stands), Some("00"), _) => now = Self::Reversed(stands),
                    // The bank knows of nothing to undo: right only where it has not said yes before.
                    (Some(_), Some("21" | "25"), Self::Nothing) => {}
                    _ => return None,
                },
                Step::Answered(_) | Step::Lost(_) | Step::Repeated | Step::UndoNoted => {}
            }
        }
        Some(now)
    }
}

impl Evidence {
    /// Everything that does not fit; empty is good.
    pub(super) fn audit(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        self.compare_answers(&mut found);
        self.compare_repeats(&mut found);
        let mut expected = Expected::default();
        for transaction in self.journal.transactions.values().filter(|it| !it.is_reversal()) {
            self.follow(transaction, &mut expected, &mut found);
        }
        for (name, ids) in &self.journal.by_name {
            let inquiry = self.journal.named(name).is_some_and(|it| it.kind == "31");
            if ids.len() > 1 && !inquiry {
                found.push(Finding::TakenTwice(name.to_string()));
            }
        }
        for ledger in &self.ledgers {
            expected.compare(ledger, &mut found);
        }
        found
    }

    /// Nothing that was answered is missing.
    fn compare_answers(&self, found: &mut Vec<Finding>) {
        for Seen { name, told } in &self.seen {
            let Some(known) = self.journal.named(name) else {
                if told.code != "94" || !self.journal.awaited.contains(name) {
                    let alike: Vec<_> = self.journal.alike(name).collect();
                    found.push(Finding::Missing(format!("{name} was answered {told:?}; with the same DE41 and DE11: {alike:?}")));
                }
                continue;
            };
            // A repeat of what was undone is refused without a record.
            let is_stored = match told.code.as_str() {
                "94" => known.undone,
                "09" => known.told.contains(told),
                _ if known.kind == "31" => self.journal.all_named(name).any(|it| it.told.contains(told)),
                _ => known.told.last() == Some(told),
            };
            if !is_stored {
                found.push(Finding::OtherAnswer(format!("{name} was answered {told:?}, the journal has {:?}", known.told)));
            }
        }
    }

    /// A repeat gets the stored answer, and never an approval of what was undone.
    fn compare_repeats(&self, found: &mut Vec<Finding>) {
        for Seen { name, told } in &self.repeated {
            let Some(known) = self.journal.named(name) else {
                if told.code != "94" || !self.journal.awaited.contains(name) {
                    found.push(Finding::Missing(format!("{name} was repeated, and answered {told:?}")));
                }
                continue;
            };
            let is_right = match known.told.last() {
                Some(stored) if known.undone && stored.code == "00" => told.code == "94",
                Some(stored) if known.undone => told == stored || told.code == "94",
                Some(stored) => told == stored,
                None => told.code == "94" && known.undone,
            };
            if !is_right {
                let (stored, undone) = (&known.told, known.undone);
                let text = format!("{name} repeated was answered {told:?}; stored {stored:?}, undone: {undone}");
                found.push(Finding::OtherRepeat(text));
            }
        }
    }

    fn follow(&self, it: &Transaction, expected: &mut Expected, found: &mut Vec<Finding>) {
        let name = &it.name;
        let Some(sent) = self.sent.get(&name.rrn) else {
            return found.push(Finding::NeverSent(name.to_string()));
        };
        if (it.kind.as_str(), it.amount, it.currency.as_str()) != (sent.kind, sent.amount, sent.currency) {
            found.push(Finding::NeverSent(format!("{name}: {it:?}, but sent was {sent:?}")));
        }
        if it.told.is_empty() && !it.undone {
            found.push(Finding::Stuck(format!("{name} was never answered")));
        }
        let rule = Rule::of(&it.kind, sent.escrow);
        for leg in &it.legs {
            if leg.is_open() {
                found.push(Finding::Stuck(format!("{name}: {leg:?}")));
                continue;
            }
            if leg.steps.iter().any(|step| matches!(step, Step::Ended { dead: true, .. })) {
                found.push(Finding::DeadLetter(format!("{name}: {leg:?}")));
                continue;
            }
            if let Err(broken) = keeps(rule, leg, it) {
                found.push(Finding::AgainstRule(format!("{name}: {broken}: {it:?}")));
            }
            match Stands::after(leg, it.amount) {
                Some(stands) => expected.add(leg, stands, sent, it),
                None => found.push(Finding::AgainstRule(format!("{name}: the bank denies what it had approved: {leg:?}"))),
            }
        }
    }
}

/// Whether a leg that has ended went the way of its rule, and its terminal was told accordingly.
fn keeps(rule: Rule, leg: &Leg, it: &Transaction) -> Result<(), &'static str> {
    let must = |holds: bool, broken| if holds { Ok(()) } else { Err(broken) };
    must(leg.on_timeout == rule.word(), "another rule than its kind's")?;
    let first = it.told.first();
    let told_first = |code: &str| it.undone && first.is_none() || first.is_some_and(|told| told.code == code);
    let reversed = leg.steps.iter().any(|step| matches!(step, Step::Reversed { .. }));
    let by_itself = leg.steps.iter().any(|step| matches!(step, Step::Reversed { reason, .. } if reason != "asked"));
    match leg.steps.first() {
        Some(Step::Answered(told)) => {
            must(it.undone && first.is_none() || first == Some(told), "the bank's answer was not what the terminal was told")?;
            must(!by_itself, "what was answered was reversed by the switch itself")
        }
        Some(Step::Lost(reason)) if reason == "undelivered" => must(told_first("91") && !reversed, "it never left"),
        Some(Step::Lost(_)) => {
            must(told_first(rule.code()), "its outcome was unknown, and its terminal was told something else")?;
            match rule {
                Rule::Reverse => must(reversed && !leg.steps.contains(&Step::Repeated), "it must be reversed"),
                Rule::Repeat => {
                    must(leg.steps.contains(&Step::Repeated) && !by_itself, "it must be repeated, never reversed first")?;
                    let outcome = leg.steps.iter().find_map(|step| match step {
                        Step::Answered(told) => Some(told),
                        _ => None,
                    });
                    must(outcome.is_some(), "its outcome must be found")?;
                    must(it.undone || it.told.last() == outcome, "its outcome must be what repeats are told")
                }
                Rule::Nothing => must(leg.steps.len() == 1, "nothing is owed for it"),
            }
        }
        Some(Step::Reversed { reason, .. }) => must(it.undone && reason == "asked" && rule == Rule::Reverse, "reversed unasked"),
        // Undone before its outcome was known, which had to be found first.
        Some(Step::UndoNoted) => must(it.undone && rule == Rule::Repeat, "an undo was noted unasked"),
        Some(Step::Repeated | Step::Ended { .. }) | None => Err("it begins in the middle"),
    }
}

/// What the journal says must stand at the banks.
#[derive(Default)]
struct Expected {
    /// By bank and reference.
    operations: BTreeMap<(String, String), (Stands, String)>,
    /// By bank, DE37 and account.
    moved: BTreeMap<(String, String, String), i64>,
    /// By bank and account.
    totals: BTreeMap<(String, String), i64>,
    /// By bank and currency: what the settlement account has gained.
    settlement: BTreeMap<(String, String), i64>,
}

impl Expected {
    fn add(&mut self, leg: &Leg, stands: Stands, sent: &Sent, it: &Transaction) {
        let Sent { bank, account, .. } = sent;
        assert_eq!(leg.bank, institution(bank), "a leg went to another bank than its card's");
        self.operations.insert((bank.clone(), leg.reference.clone()), (stands, account.clone()));
        let minor = i64::try_from(stands.minor()).expect("fits");
        let change = if matches!(sent.kind, "00" | "01") { -minor } else { minor };
        if change != 0 {
            *self.moved.entry((bank.clone(), it.name.rrn.clone(), account.clone())).or_default() += change;
            *self.totals.entry((bank.clone(), account.clone())).or_default() += change;
            *self.settlement.entry((bank.clone(), sent.currency.to_owned())).or_default() -= change;
        }
    }

    fn compare(&self, ledger: &Ledger, found: &mut Vec<Finding>) {
        let bank = &ledger.bank;
        found.extend(ledger.unbalanced.iter().map(|it| Finding::Unbalanced(format!("{bank}: {it}"))));
        found.extend(ledger.doubled.iter().map(|it| Finding::Doubled(format!("{bank}: {it}"))));
        for ((_, reference), (stands, account)) in self.operations.iter().filter(|((of, _), _)| of == bank) {
            let there = ledger.operations.get(reference);
            let fits = match stands {
                Stands::Approved(minor) => there.is_some_and(|it| {
                    let booked = (it.state, it.stands, it.account.as_ref());
                    booked == (OperationState::Approved, i64::try_from(*minor).unwrap_or(-1), Some(account))
                }),
                Stands::Reversed(minor) => there
                    .is_some_and(|it| (it.state, it.stands) == (OperationState::Reversed, i64::try_from(*minor).unwrap_or(-1))),
                Stands::Nothing => there
                    .is_none_or(|it| it.stands == 0 && matches!(it.state, OperationState::Declined | OperationState::Tombstone)),
            };
            if !fits {
                found.push(Finding::OtherOperation(format!("{bank} {reference}: must be {stands:?}, is {there:?}")));
            }
        }
        for (reference, there) in &ledger.operations {
            if !self.operations.contains_key(&(bank.clone(), reference.clone())) {
                found.push(Finding::OtherOperation(format!("{bank} {reference}: the journal knows of none: {there:?}")));
            }
        }
        let mine = self.moved.iter().filter(|((of, _, _), change)| of == bank && **change != 0);
        let mine: BTreeMap<_, _> = mine.map(|((_, rrn, account), change)| ((rrn.clone(), account.clone()), *change)).collect();
        differences(&format!("{bank}, by transaction"), &mine, &ledger.moved, found);
        let mine = self.totals.iter().filter(|((of, _), change)| of == bank && **change != 0);
        let mine: BTreeMap<_, _> = mine.map(|((_, account), change)| (account.clone(), *change)).collect();
        differences(&format!("{bank}, by account"), &mine, &ledger.totals, found);
        for (currency, gained) in &ledger.settlement {
            let due = self.settlement.get(&(bank.clone(), currency.clone())).copied().unwrap_or(0);
            if due != *gained {
                found.push(Finding::OtherMoney(format!("{bank} settlement in {currency}: must be {due}, is {gained}")));
            }
        }
    }
}

fn differences<K: Ord + std::fmt::Debug>(what: &str, due: &BTreeMap<K, i64>, there: &BTreeMap<K, i64>, found: &mut Vec<Finding>) {
    let keys = due.keys().chain(there.keys().filter(|key| !due.contains_key(key)));
    for key in keys {
        let [due, there] = [due, there].map(|of| of.get(key).copied().unwrap_or(0));
        if due != there {
            found.push(Finding::OtherMoney(format!("{what}: {key:?} must be {due}, is {there}")));
        }
    }
}

fn institution(bank: &str) -> u64 {
    match bank {
        "acleda" => 116_001,
        "canadia" => 116_002,
        _ => 116_003,
    }
}
