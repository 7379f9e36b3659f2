//! Between the pages and the switch: what operators ask for over HTTP, put to the running switch and told in plain data.

use admin::{Bank, Done, Later, List, OpenDay, Trouble, What};
use engine::{Command, Disallowed, HOT_CARD_LISTS, LegId, Rules, State};
use model::{Money, Pan, ResponseCode};
use server::overview::{self, Listed};
use server::{Order, Orders, Readiness, Unfulfilled};

/// A running switch, as operators reach it.
pub(super) struct SwitchDesk {
    orders: Orders,
    readiness: Readiness,
}

impl SwitchDesk {
    pub(super) fn new(orders: Orders, readiness: Readiness) -> Self {
        Self { orders, readiness }
    }

    /// Looks on the switch's thread, and puts what was seen into words on this one.
    fn look<T: Send + 'static, W: 'static>(
        &self,
        look: impl FnOnce(&State, &Rules) -> T + Send + 'static,
        words: impl FnOnce(T) -> W + Send + 'static,
    ) -> Later<W> {
        let orders = self.orders.clone();
        Box::pin(async move { orders.look(look).await.map(words).map_err(trouble) })
    }
}

impl admin::Desk for SwitchDesk {
    fn problem(&self) -> Option<&'static str> {
        self.readiness.problem()
    }

    fn status(&self) -> Later<admin::Status> {
        let problem = self.readiness.problem();
        self.look(overview::Status::of, move |it| status(it, problem))
    }

    fn positions(&self) -> Later<List<admin::Position>> {
        self.look(overview::Position::all, |all| list(all, position))
    }

    fn dead_letters(&self) -> Later<List<admin::DeadLetter>> {
        self.look(overview::DeadLetter::all, |all| list(all, dead_letter))
    }

    fn hot_cards(&self) -> Later<List<admin::HotCard>> {
        let line = |(pan, code): (Pan, ResponseCode)| admin::HotCard {
            card: pan.to_string(),
            code: code.to_string(),
            meaning: code.meaning().unwrap_or("").to_owned(),
        };
        self.look(|state, _| overview::hot_cards(state), move |all| list(all, line))
    }

    fn overruled(&self) -> Later<List<admin::Overruled>> {
        let line = |it: overview::Overruled| admin::Overruled {
            rrn: it.rrn,
            kind: it.kind.to_owned(),
            amount: it.amount.to_string(),
            business_date: it.date.to_string(),
            acquirer: it.acquirer,
        };
        self.look(|state, _| overview::Overruled::all(state), move |all| list(all, line))
    }

    fn order(&self, order: admin::Order) -> Later<Done> {
        let orders = self.orders.clone();
        Box::pin(async move {
            let admin::Order { operator, reason, what } = order;
            let command = command(&orders, &what)?;
            let card = match command {
                Command::List(pan, _) | Command::Unlist(pan) => Some(pan.to_string()),
                _ => None,
            };
            let block = orders.give(Order { operator, reason, command }).await.map_err(trouble)?;
            Ok(Done { order: what.name().to_owned(), block, card })
        })
    }
}

fn command(orders: &Orders, what: &What) -> Result<Command, Trouble> {
    let leg = |text: &str| LegId::parse(text).ok_or_else(|| Trouble::unfit("leg", "write it as dead-letters lists it: 1042.0"));
    Ok(match what {
        What::Cutover => Command::Cutover,
        What::SignOff { bank } => Command::SignOff(orders.bank(bank).map_err(trouble)?),
        What::SignOn { bank } => Command::SignOn(orders.bank(bank).map_err(trouble)?),
        What::Retry { leg: text } => Command::Retry(leg(text)?),
        What::Discard { leg: text } => Command::Discard(leg(text)?),
        What::Block { card, list } => Command::List(pan(card)?, refused_with(list)?),
        What::Unblock { card } => Command::Unlist(pan(card)?),
    })
}

fn pan(digits: &str) -> Result<Pan, Trouble> {
    let pan = Pan::from_digits(digits.as_bytes()).map_err(|error| Trouble::unfit("card", error.to_string()))?;
    if pan.luhn_holds() { Ok(pan) } else { Err(Trouble::unfit("card", "the check digit is wrong: a digit was mistyped")) }
}

fn refused_with(list: &str) -> Result<ResponseCode, Trouble> {
    let found = HOT_CARD_LISTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(list));
    let known = || HOT_CARD_LISTS.map(|(name, _)| name.to_lowercase()).join(", ");
    found.map(|(_, code)| *code).ok_or_else(|| Trouble::unfit("list", format!("there is no such list; known: {}", known())))
}

fn trouble(why: Unfulfilled) -> Trouble {
    let said = why.to_string();
    match why {
        Unfulfilled::Unfit(field, problem) => Trouble::unfit(field, problem),
        Unfulfilled::Disallowed(Disallowed::NoOperator) => Trouble::unfit("operator", said),
        Unfulfilled::Disallowed(Disallowed::NoReason) => Trouble::unfit("reason", said),
        Unfulfilled::Disallowed(_) => Trouble::Conflict(said),
        Unfulfilled::NotNow | Unfulfilled::Busy | Unfulfilled::Unknown | Unfulfilled::Stopped => Trouble::Unavailable(said),
    }
}

fn list<T, W>(all: Listed<T>, line: impl FnMut(T) -> W) -> List<W> {
    List { lines: all.lines.into_iter().map(line).collect(), total: all.total }
}

fn status(it: overview::Status, problem: Option<&str>) -> admin::Status {
    let day_before = it.date.previous();
    let bank = |bank: overview::BankStatus| Bank {
        name: bank.name,
        institution: bank.id.0,
        up: bank.linked,
        signed_off: bank.signed_off,
        in_flight: bank.in_flight,
        forward_depth: bank.forward,
    };
    admin::Status {
        problem: problem.map(str::to_owned),
        business_date: it.date.to_string(),
        day_before_closed: !it.unclosed.iter().any(|(date, _)| *date == day_before),
        days_not_closed: it
            .unclosed
            .iter()
            .map(|(date, unanswered)| OpenDay { business_date: date.to_string(), unanswered: *unanswered })
            .collect(),
        banks: it.banks.into_iter().map(bank).collect(),
        forward_depth: it.forward,
        dead_letters: it.dead_letters,
        holds: it.holding,
        hot_cards: it.hot_cards,
        overruled: it.overruled,
    }
}

fn position(it: overview::Position) -> admin::Position {
    let sign = if it.net < 0 { "-" } else { "" };
    admin::Position {
        business_date: it.date.to_string(),
        closed: it.closed,
        currency: it.currency.to_string(),
        participant: it.participant,
        net: it.net,
        shown: format!("{sign}{}", Money::from_minor(it.net.unsigned_abs(), it.currency)),
    }
}

fn dead_letter(it: overview::DeadLetter) -> admin::DeadLetter {
    let reason = match it.refused {
        Some(code) => format!("refused: {code} {}", code.meaning().unwrap_or("(a code this switch does not know)")),
        None => "never answered".to_owned(),
    };
    admin::DeadLetter {
        leg: it.leg.to_string(),
        rrn: it.rrn,
        kind: it.kind.to_owned(),
        amount: it.amount.to_string(),
        bank: it.bank,
        owed: it.owed.to_owned(),
        card: it.pan.map(|pan| pan.to_string()),
        attempts: it.attempts,
        since: it.since.map(|at| at.to_string()),
        reason,
    }
}
