//! Between the pages and the switch: what operators ask for over HTTP, put to the running switch and told in plain data.

mod payroll;

use admin::payroll::{PayrollOrder, Pieces, Purpose, Report, WantedItems, WantedReport};
use admin::{Bank, CardCount, CardStats, Cleared, Done, Later, List, MoveClock, OpenDay, Trouble, WantedFault, What};
use engine::{Command, Disallowed, HOT_CARD_LISTS, LegId, Rules, State};
use faults::{FaultError, FaultId, Listed as ListedFault, Words};
use model::{BusinessDate, Money, Pan, ResponseCode, Timestamp};
use server::overview::{self, Listed};
use server::{ClockShown, LinkFaults, Move, Order, Orders, Paths, Readiness, Running, Unfulfilled};

use payroll::PayrollDesk;

/// A running switch, as operators reach it.
pub(super) struct SwitchDesk {
    orders: Orders,
    readiness: Readiness,
    faults: LinkFaults,
    payroll: PayrollDesk,
    paths: Paths,
}

impl SwitchDesk {
    pub(super) fn new(running: &Running, paths: Paths) -> Self {
        Self {
            orders: running.orders().clone(),
            readiness: running.readiness().clone(),
            faults: running.faults().clone(),
            payroll: PayrollDesk::new(running.payroll().cloned()),
            paths,
        }
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

    fn card_stats(&self) -> Later<CardStats> {
        let (orders, paths) = (self.orders.clone(), self.paths.clone());
        Box::pin(async move {
            let clock = orders.clock().await.map_err(trouble)?;
            let day = clock.offset.date(clock.now);
            let lines = with_store(paths, move |store| store.stats(day)).await?;
            Ok(card_stats(day, lines))
        })
    }

    fn order(&self, order: admin::Order) -> Later<Done> {
        let (orders, paths) = (self.orders.clone(), self.paths.clone());
        Box::pin(async move {
            let admin::Order { operator, reason, what } = order;
            // Before a number is taken for a replacement.
            server::check_words(&operator, &reason).map_err(trouble)?;
            let command = match &what {
                What::Replace { card, list } => {
                    let (of, code) = (cards::Of::Card(pan(card)?), refused_with(list)?);
                    let cards::Reserved { old, new } = with_store(paths, move |store| store.reserve(&of)).await?;
                    Command::Replace { old, new, code }
                }
                // Off the list it would be good at the switch, and lost in the store.
                What::Unblock { card } if paths.cards().exists() => {
                    let card = pan(card)?;
                    with_store(paths, move |store| store.may_unblock(card)).await?;
                    Command::Unlist(card)
                }
                _ => command(&orders, &what)?,
            };
            let (card, new_card) = match command {
                Command::List(pan, _) | Command::Unlist(pan) => (Some(pan.to_string()), None),
                Command::Replace { old, new, .. } => (Some(old.to_string()), Some(new.to_string())),
                _ => (None, None),
            };
            let block = orders.give(Order { operator, reason, command }).await.map_err(trouble)?;
            Ok(Done { order: what.name().to_owned(), block, card, new_card })
        })
    }

    fn faults(&self) -> Later<List<admin::Fault>> {
        let lines: Vec<_> = self.faults.list().iter().map(fault).collect();
        Box::pin(async move { Ok(List { total: lines.len(), lines }) })
    }

    fn set_fault(&self, wanted: WantedFault) -> Later<admin::Fault> {
        let faults = self.faults.clone();
        Box::pin(async move {
            let WantedFault { action, link, way, only, times, by, rate, seed } = wanted;
            let wanted = Words { action, link, way, only, times, by, rate, seed }.fault().map_err(faulty)?;
            let id = faults.set(wanted.clone()).map_err(faulty)?;
            Ok(fault(&ListedFault { id, fault: wanted, struck: 0 }))
        })
    }

    fn clear_faults(&self, id: Option<String>) -> Later<Cleared> {
        let faults = self.faults.clone();
        Box::pin(async move {
            let Some(id) = id else { return Ok(Cleared { cleared: faults.clear() }) };
            let id: FaultId = id.parse().map_err(faulty)?;
            let gone = faults.remove(id).map(|_| Cleared { cleared: 1 });
            gone.ok_or_else(|| Trouble::Missing(format!("there is no fault {id}; the list shows those there are")))
        })
    }

    fn clock(&self) -> Later<admin::Clock> {
        let orders = self.orders.clone();
        Box::pin(async move { orders.clock().await.map(clock).map_err(trouble) })
    }

    fn move_clock(&self, wanted: MoveClock) -> Later<admin::Clock> {
        let orders = self.orders.clone();
        Box::pin(async move {
            let wanted = match wanted {
                MoveClock::AdvanceMs(millis) => Move::By(std::time::Duration::from_millis(millis)),
                MoveClock::To(text) => Move::To(Timestamp::parse(&text).ok_or_else(|| {
                    Trouble::unfit("to", "is no moment; write it with its offset, like 2023-01-15T09:00:00+07:00")
                })?),
            };
            orders.move_clock(wanted).await.map(clock).map_err(trouble)
        })
    }

    fn payroll(&self) -> Later<List<admin::Batch>> {
        self.payroll.batches()
    }

    fn payroll_office(&self) -> Later<List<admin::Work>> {
        self.payroll.works()
    }

    fn payroll_batch(&self, batch: u32) -> Later<admin::Batch> {
        self.payroll.batch(batch)
    }

    fn payroll_items(&self, batch: u32, wanted: WantedItems) -> Later<List<admin::Item>> {
        self.payroll.items(batch, wanted)
    }

    fn payroll_document(&self, purpose: Purpose, document: Pieces) -> Later<admin::Checked> {
        self.payroll.document(purpose, document)
    }

    fn payroll_order(&self, batch: u32, order: PayrollOrder) -> Later<admin::Ordered> {
        self.payroll.order(batch, order)
    }

    fn payroll_report(&self, batch: u32, wanted: WantedReport) -> Later<Report> {
        self.payroll.report(batch, wanted)
    }
}

fn fault(it: &ListedFault) -> admin::Fault {
    let Words { action, link, way, only, times, by, rate, seed } = Words::from(&it.fault);
    let way = way.unwrap_or_default();
    admin::Fault { id: it.id.0, action, link, way, only, times, by, rate, seed, struck: it.struck, active: !it.is_spent() }
}

fn faulty(error: FaultError) -> Trouble {
    match error {
        FaultError::Unfit { field, problem } => Trouble::unfit(field, problem),
        FaultError::TooMany { .. } => Trouble::Conflict(error.to_string()),
    }
}

fn clock(it: ClockShown) -> admin::Clock {
    let time = it.offset.local_time(it.now).to_string();
    let (hour, rest) = time.split_at_checked(2).unwrap_or((&time, ""));
    let (minute, second) = rest.split_at_checked(2).unwrap_or((rest, ""));
    admin::Clock {
        now: it.now.to_string(),
        local: format!("{} {hour}:{minute}:{second}", it.offset.date(it.now)),
        manual: it.manual,
        reached: it.wanted.is_none(),
        to: it.wanted.map(|to| to.to_string()),
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
        What::Replace { .. } => return Err(Trouble::unfit("order", "needs the card store")),
    })
}

/// Works on the card store, on a thread that may wait for it.
async fn with_store<T: Send + 'static>(
    paths: Paths,
    work: impl FnOnce(&mut cards::Store) -> Result<T, cards::Error> + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(move || {
        let key = journal::MasterKey::load(paths.master_key()).map_err(|error| Trouble::Unavailable(error.to_string()))?;
        let opened = cards::Store::look(&paths.cards(), server::cards::keys(&key));
        opened.and_then(|mut store| work(&mut store)).map_err(|error| store_trouble(&error))
    });
    done.await.unwrap_or_else(|error| Err(Trouble::Unavailable(error.to_string())))
}

fn store_trouble(error: &cards::Error) -> Trouble {
    use cards::Error;
    let said = error.to_string();
    match error {
        Error::Missing { .. } | Error::NoSuchCard(_) | Error::NoSuchPerson(_) | Error::NoSuchAgency(_) => Trouble::Missing(said),
        Error::NoLivingCard(_) | Error::Forbidden { .. } | Error::OneCard | Error::NumbersUsedUp(_) | Error::PrintDay { .. } => {
            Trouble::Conflict(said)
        }
        Error::Database { .. }
        | Error::Layout { .. }
        | Error::ForeignKey { .. }
        | Error::Importing { .. }
        | Error::Altered { .. }
        | Error::Random
        | Error::File { .. }
        | Error::Header { .. } => Trouble::Unavailable(said),
    }
}

/// Counts of cards in plain words.
pub(super) fn card_stats(day: BusinessDate, all: Vec<cards::Tally>) -> CardStats {
    let line = |it: cards::Tally| CardCount {
        agency: it.agency,
        bank: it.bank.name().to_owned(),
        kind: it.kind.name().to_owned(),
        state: it.state.name().to_owned(),
        cards: it.cards,
    };
    let smart = || all.iter().filter(|it| it.kind == cards::Kind::Smart);
    let agencies = |printed: bool| {
        let of = smart().filter(|it| it.cards > 0 && (it.printed > 0 || !printed)).map(|it| it.agency.as_str());
        of.collect::<std::collections::BTreeSet<_>>().len()
    };
    CardStats {
        day: day.to_string(),
        registered: smart().map(|it| it.cards).sum(),
        agencies: agencies(false),
        printed: smart().map(|it| it.printed).sum(),
        agencies_printed: agencies(true),
        total: all.iter().map(|it| it.cards).sum(),
        lines: all.into_iter().map(line).collect(),
    }
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
        Unfulfilled::Disallowed(_)
        | Unfulfilled::Payroll(_)
        | Unfulfilled::ClockRuns
        | Unfulfilled::Backwards { .. }
        | Unfulfilled::TooFar { .. }
        | Unfulfilled::Moving => Trouble::Conflict(said),
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
        cutover: format!("{:02}:{:02}", it.cutover.as_secs() / 3600, it.cutover.as_secs() / 60 % 60),
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
