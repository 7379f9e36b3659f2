//! A bank small enough to be seen right at a glance, and the ledger beside it, asked the same at random.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::Form;

const CARDS: [&str; 4] = ["dara", "thida", "lost", "part"];
const OPENINGS: [i64; 4] = [10_000_000, 50, 10_000_000, 50];
/// Few enough that many requests name one another, many enough that most are new.
const STANS: std::ops::Range<u32> = 1..30;

/// What is asked, in few words.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    form: Form,
    kind: Kind,
    card: usize,
    minor: u64,
    fee: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Ask { asked: Asked, stan: u32, completes: Option<u32> },
    Reverse { stan: u32, stands: u64 },
    Days(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kinds = [Kind::Purchase, Kind::Withdrawal, Kind::Deposit, Kind::Refund, Kind::Salary, Kind::Transfer, Kind::Balance];
    let kind = || prop::sample::select(kinds.to_vec());
    // Most of it at the cards with little on them, where every cent that is held counts.
    let card = || prop::sample::select(vec![0, 1, 1, 1, 2, 3, 3, 3]);
    let amounts = || (card(), 0..30u64, prop_oneof![2 => Just(0u64), 1 => 1..20u64]);
    let ask = |form: Form, kind: Kind, (card, minor, fee): (usize, u64, u64)| Asked { form, kind, card, minor, fee };
    let form = prop::sample::select(vec![Form::Authorization, Form::AuthorizationAdvice]);
    let step = prop_oneof![
        5 => (kind(), amounts(), STANS).prop_map(move |(kind, amounts, stan)| {
            Step::Ask { asked: ask(Form::Financial, kind, amounts), stan, completes: None }
        }),
        4 => (form, amounts(), STANS).prop_map(move |(form, amounts, stan)| {
            Step::Ask { asked: ask(form, Kind::Purchase, amounts), stan, completes: None }
        }),
        4 => (kind(), amounts(), STANS, prop::option::weighted(0.8, STANS)).prop_map(move |(kind, amounts, stan, completes)| {
            Step::Ask { asked: ask(Form::FinancialAdvice, kind, amounts), stan, completes }
        }),
        4 => (STANS, 0..50u64).prop_map(|(stan, stands)| Step::Reverse { stan, stands: stands.saturating_sub(25) }),
        2 => (1..5u64).prop_map(Step::Days),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

/// What the tiny bank remembers of a reference: the request, its answer, and whether it was taken back.
struct Known {
    asked: Option<Asked>,
    code: &'static str,
    /// How much was done of what was asked.
    done: u64,
    reversed: bool,
}

#[derive(Debug, PartialEq)]
struct TinyHold {
    card: usize,
    amount: i64,
    until_day: u64,
    state: HoldState,
}

#[derive(Default)]
struct TinyBank {
    known: HashMap<u32, Known>,
    change: [i64; 4],
    holds: HashMap<u32, TinyHold>,
    day: u64,
}

fn minor(amount: u64) -> i64 {
    i64::try_from(amount).unwrap()
}

fn way(kind: Kind) -> i64 {
    match kind {
        Kind::Purchase | Kind::Withdrawal | Kind::Transfer => -1,
        Kind::Balance => 0,
        _ => 1,
    }
}

impl TinyBank {
    fn available(&self, card: usize) -> i64 {
        let held = self.holds.values().filter(|hold| hold.card == card && hold.state == HoldState::Held);
        OPENINGS[card] + self.change[card] - held.map(|hold| hold.amount).sum::<i64>()
    }

    fn days_pass(&mut self, days: u64) {
        self.day += days;
        for hold in self.holds.values_mut().filter(|hold| hold.state == HoldState::Held && hold.until_day <= self.day) {
            hold.state = HoldState::Expired;
        }
    }

    /// How much the card `part` is granted, or paid, of such an amount.
    fn part(&self, Asked { form, kind, card, minor: amount, fee }: Asked) -> u64 {
        let left = u64::try_from(self.available(card)).unwrap_or(0).saturating_sub(fee);
        match kind {
            _ if CARDS[card] != "part" || form != Form::Financial => amount,
            Kind::Purchase | Kind::Withdrawal | Kind::Transfer if left > 0 => amount.min(left),
            Kind::Salary => amount.div_ceil(2),
            _ => amount,
        }
    }

    fn ask(&mut self, mut asked: Asked, stan: u32, completes: Option<u32>) -> &'static str {
        if asked.kind == Kind::Balance {
            asked.minor = 0;
        }
        if let Some(known) = self.known.get(&stan) {
            return if known.asked == Some(asked) && !known.reversed { known.code } else { "94" };
        }
        let Asked { form, kind, card, minor: amount, fee } = asked;
        let done = self.part(asked);
        let (advice, change) = (form.is_advice(), way(kind) * minor(done) - minor(fee));
        let needed = if form.holds() { minor(amount + fee) } else { -change };
        let code = match CARDS[card] {
            _ if form == Form::FinancialAdvice && kind == Kind::Balance => "12",
            _ if amount == 0 && kind != Kind::Balance && form != Form::FinancialAdvice => "13",
            "lost" if kind != Kind::Salary && !advice => "41",
            _ if !advice && needed > 0 && self.available(card) < needed => "51",
            _ if done < amount => "10",
            _ => "00",
        };
        if kind != Kind::Balance || fee > 0 {
            self.known.insert(stan, Known { asked: Some(asked), code, done, reversed: false });
        }
        if code == "00" && form.holds() {
            let hold = TinyHold { card, amount: minor(amount + fee), until_day: self.day + 7, state: HoldState::Held };
            self.holds.insert(stan, hold);
        } else if matches!(code, "00" | "10") {
            self.change[card] += change;
            if let Some(original) = completes {
                match self.holds.get_mut(&original) {
                    Some(hold) if hold.card == card && hold.state == HoldState::Held => hold.state = HoldState::Taken,
                    _ => drop(self.known.entry(original).or_insert(Known { asked: None, code: "25", done: 0, reversed: false })),
                }
            }
        }
        code
    }

    fn reverse(&mut self, stan: u32, stands: u64) -> &'static str {
        let known = self.known.entry(stan).or_insert(Known { asked: None, code: "25", done: 0, reversed: false });
        let Some(asked) = known.asked else { return "25" };
        if !matches!(known.code, "00" | "10") || known.reversed {
            known.reversed = true;
            return "00";
        }
        known.reversed = true;
        let (left, fee) = (stands.min(known.done), if stands > 0 { 0 } else { asked.fee });
        if asked.form.holds() {
            let hold = self.holds.get_mut(&stan).unwrap();
            match hold.state {
                HoldState::Held if left == 0 => hold.state = HoldState::Freed,
                HoldState::Held => hold.amount = minor(left + asked.fee),
                HoldState::Taken | HoldState::Freed | HoldState::Expired => {}
            }
        } else {
            self.change[asked.card] += minor(fee) - way(asked.kind) * minor(known.done - left);
        }
        "00"
    }
}

fn bank_request(asked: Asked, stan: u32, completes: Option<u32>) -> BankRequest {
    let of = Financial { fee: asked.fee, ..request(asked.kind, CARDS[asked.card], Money::from_minor(asked.minor, usd()), stan) };
    match asked.form {
        Form::Financial => BankRequest::Financial(Box::new(of)),
        Form::FinancialAdvice => BankRequest::Advice(Box::new(Advice { completes: completes.map(reference), told: of })),
        form => BankRequest::Authorization(Box::new(Authorization { advice: form.is_advice(), asked: of })),
    }
}

/// What the ledger's tables and its memory say is what the tiny bank says.
fn compare(acleda: &Branch, tiny: &TinyBank) {
    for (place, card) in CARDS.into_iter().enumerate() {
        assert_eq!(acleda.change(card, usd()), tiny.change[place], "{card}");
        assert_eq!(acleda.available(card, usd()), tiny.available(place), "{card}");
    }
    assert_eq!(acleda.settlement(usd()), -tiny.change.iter().sum::<i64>());
    let holds = acleda.statement().holds().unwrap();
    assert_eq!(holds.len(), tiny.holds.len());
    for (stan, expected) in &tiny.holds {
        let hold = acleda.statement().hold(&reference(*stan)).unwrap().unwrap();
        assert_eq!((hold.state, hold.amount), (expected.state, expected.amount), "hold {stan}");
    }
    acleda.assert_in_order();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_asked_the_ledger_agrees_with_the_tiny_bank_and_sums_to_zero(steps in steps()) {
        let mut acleda = Branch::of("acleda");
        let mut tiny = TinyBank::default();
        for step in steps {
            match step {
                Step::Ask { asked, stan, completes } => {
                    let request = bank_request(asked, stan, completes);
                    prop_assert_eq!(acleda.code(&request), tiny.ask(asked, stan, completes), "{:?}", request);
                }
                Step::Reverse { stan, stands } => {
                    let request = reversal_down_to(stan, Some(Money::from_minor(stands, usd())));
                    prop_assert_eq!(acleda.code(&request), tiny.reverse(stan, stands), "{:?}", request);
                }
                Step::Days(days) => {
                    acleda.days_pass(days);
                    tiny.days_pass(days);
                }
                Step::Reopen => acleda.reopen(),
            }
        }
        // What nobody asked for since its time was over ends with the next request, whichever that is.
        acleda.code(&ask(Kind::Balance, "sophea", dollars("0"), 99));
        compare(&acleda, &tiny);
        acleda.reopen();
        compare(&acleda, &tiny);
    }
}
