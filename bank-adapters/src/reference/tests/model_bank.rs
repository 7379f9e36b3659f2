//! A bank small enough to be seen right at a glance, and the ledger beside it, asked the same at random.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const CARDS: [&str; 3] = ["dara", "thida", "lost"];

#[derive(Clone, Debug)]
enum Step {
    Ask { kind: Kind, card: usize, minor: u64, stan: u32 },
    Reverse { stan: u32, stands: u64 },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop::sample::select(vec![Kind::Purchase, Kind::Withdrawal, Kind::Deposit, Kind::Refund, Kind::Salary]);
    let step = prop_oneof![
        6 => (kind, 0..CARDS.len(), 0..80u64, 1..12u32).prop_map(|(kind, card, minor, stan)| Step::Ask { kind, card, minor, stan }),
        3 => (1..12u32, 0..90u64).prop_map(|(stan, stands)| Step::Reverse { stan, stands: stands.saturating_sub(30) }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// What the tiny bank remembers of a reference: the request, its answer, and whether it was taken back.
struct Known {
    asked: Option<(Kind, usize, u64)>,
    code: &'static str,
    reversed: bool,
}

#[derive(Default)]
struct TinyBank {
    known: HashMap<u32, Known>,
    change: [i64; 3],
}

impl TinyBank {
    fn ask(&mut self, kind: Kind, card: usize, minor: u64, stan: u32) -> &'static str {
        if let Some(known) = self.known.get(&stan) {
            return if known.asked == Some((kind, card, minor)) && !known.reversed { known.code } else { "94" };
        }
        let takes = matches!(kind, Kind::Purchase | Kind::Withdrawal);
        let amount = i64::try_from(minor).unwrap();
        let code = match CARDS[card] {
            _ if minor == 0 => "13",
            "lost" if kind != Kind::Salary => "41",
            "thida" if takes && 50 + self.change[card] < amount => "51",
            _ => "00",
        };
        if code == "00" {
            self.change[card] += if takes { -amount } else { amount };
        }
        self.known.insert(stan, Known { asked: Some((kind, card, minor)), code, reversed: false });
        code
    }

    fn reverse(&mut self, stan: u32, stands: u64) -> &'static str {
        let unseen = Known { asked: None, code: "25", reversed: false };
        let known = self.known.entry(stan).or_insert(unseen);
        let Some((kind, card, minor)) = known.asked else { return "25" };
        if known.code != "00" {
            return "21";
        }
        if !known.reversed {
            known.reversed = true;
            let back = i64::try_from(minor.saturating_sub(stands)).unwrap();
            self.change[card] += if matches!(kind, Kind::Purchase | Kind::Withdrawal) { back } else { -back };
        }
        "00"
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_asked_the_ledger_agrees_with_the_tiny_bank_and_sums_to_zero(steps in steps()) {
        let mut acleda = Branch::of("acleda");
        let mut tiny = TinyBank::default();
        for step in steps {
            match step {
                Step::Ask { kind, card, minor, stan } => {
                    let request = ask(kind, CARDS[card], Money::from_minor(minor, usd()), stan);
                    prop_assert_eq!(acleda.code(&request), tiny.ask(kind, card, minor, stan), "{:?}", request);
                }
                Step::Reverse { stan, stands } => {
                    let request = reversal_down_to(stan, Some(Money::from_minor(stands, usd())));
                    prop_assert_eq!(acleda.code(&request), tiny.reverse(stan, stands), "{:?}", request);
                }
                Step::Reopen => acleda.reopen(),
            }
        }
        for (card, change) in CARDS.into_iter().zip(tiny.change) {
            prop_assert_eq!(acleda.change(card, usd()), change, "{}", card);
        }
        prop_assert_eq!(acleda.statement().settlement(usd()).unwrap(), -tiny.change.iter().sum::<i64>());
        acleda.assert_in_order();
    }
}
