//! Every metric, named once, here. The engine's records tell what happened; this counts them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use engine::{BankId, BankRules, BatchId, LegId, Participant, Record, ReversalReason, Rules, StandInReason, State};
use foldhash::fast::FixedState;
use model::{Currency, Kind, Mti, ResponseCode, Timestamp, TransactionId};
use prometheus::proto::MetricType;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use shard::{Direction, PayrollRefused, Refused, Side, Watch};

use crate::overview;
use crate::switch::Readiness;

/// From a tenth of a millisecond to half a minute, the longest that a bank is waited for.
const ANSWER_SECONDS: &[f64] =
    &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 25.0, 30.0];
/// From a fast disk's sync to a sick one's.
const APPEND_SECONDS: &[f64] =
    &[0.00005, 0.0001, 0.0002, 0.0004, 0.0008, 0.0015, 0.003, 0.006, 0.0125, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Every state that a batch of salaries can be in.
const BATCH_STATES: [&str; 9] =
    ["opening", "submitted", "funding", "unfunded", "approved", "running", "part", "done", "cancelled"];

/// The queues that are watched, by their label.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Queue {
    /// Bytes that wait to leave, on all links.
    Outbox,
    /// Bytes of records that wait for the journal.
    Block,
    /// Advices and repeats owed to banks.
    Forward,
    /// Connections of all listening ports.
    Connections,
}

impl Queue {
    fn label(self) -> &'static str {
        match self {
            Self::Outbox => "outbox_bytes",
            Self::Block => "block_bytes",
            Self::Forward => "forward",
            Self::Connections => "connections",
        }
    }
}

/// What became of an operator's order, by its label.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OrderOutcome {
    /// It was carried out.
    Done,
    /// It could not be.
    Disallowed,
    /// Nothing was admitted.
    NotNow,
}

impl OrderOutcome {
    pub(crate) fn of(done: &Result<(), Refused>) -> Self {
        match done {
            Ok(()) => Self::Done,
            Err(Refused::Disallowed(_)) => Self::Disallowed,
            Err(Refused::NotNow) => Self::NotNow,
        }
    }

    pub(crate) fn of_payroll(done: &Result<BatchId, PayrollRefused>) -> Self {
        match done {
            Ok(_) => Self::Done,
            Err(PayrollRefused::Disallowed(_)) => Self::Disallowed,
            Err(PayrollRefused::NotNow) => Self::NotNow,
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Disallowed => "disallowed",
            Self::NotNow => "not_now",
        }
    }
}

/// All metrics of a running switch. Clones count into the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    names: Arc<[String]>,
    messages: IntCounterVec,
    unreadable: IntCounterVec,
    unbuildable: IntCounterVec,
    refused: IntCounter,
    transactions: IntCounterVec,
    answer_seconds: HistogramVec,
    bank_seconds: HistogramVec,
    records: IntCounterVec,
    pub(crate) links_closed: IntCounterVec,
    pub(crate) append_seconds: Histogram,
    pub(crate) journal_bytes: IntCounter,
    pub(crate) journal_retries: IntCounter,
    pub(crate) journal_stalled: IntGauge,
    pub(crate) journal_block: IntGauge,
    pub(crate) follower_block: IntGauge,
    pub(crate) snapshot_block: IntGauge,
    dead_letters: IntGauge,
    remembered: IntGauge,
    forward_depth: IntGaugeVec,
    holding: IntGauge,
    business_date: IntGauge,
    days_not_closed: IntGauge,
    positions: IntGaugeVec,
    stand_in: IntCounterVec,
    reversals: IntCounterVec,
    late_replies: IntCounterVec,
    hot_card_refusals: IntCounterVec,
    orders: IntCounterVec,
    payroll_batches: IntGaugeVec,
    payroll_items: IntGaugeVec,
    payroll_pending: IntGaugeVec,
    payroll_part_seconds: IntGauge,
    cards: IntGaugeVec,
    faults_active: IntGauge,
    faults_struck: IntCounterVec,
    bank_up: IntGaugeVec,
    in_flight: IntGaugeVec,
    in_flight_max: IntGaugeVec,
    queue: IntGaugeVec,
    queue_max: IntGaugeVec,
}

/// Makes metrics and registers them; a name that is taken twice is a mistake that the first test finds.
struct Maker {
    registry: Registry,
    names: RefCell<Vec<String>>,
}

impl Maker {
    fn register<M: prometheus::core::Collector + Clone + 'static>(&self, metric: prometheus::Result<M>) -> prometheus::Result<M> {
        let metric = metric?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// The whole name of one that has a single value.
    fn name(&self, name: &str) -> String {
        let name = format!("payswitch_{name}");
        self.names.borrow_mut().push(name.clone());
        name
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.register(IntCounter::new(self.name(name), help))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        self.register(IntCounterVec::new(Opts::new(self.name(name), help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.register(IntGauge::new(self.name(name), help))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        self.register(IntGaugeVec::new(Opts::new(self.name(name), help), labels))
    }

    fn seconds(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> prometheus::Result<HistogramVec> {
        self.names.borrow_mut().extend(["count", "sum"].map(|part| format!("payswitch_{name}_{part}")));
        let options = HistogramOpts::new(format!("payswitch_{name}"), help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(options, labels))
    }
}

impl Metrics {
    /// All of them, in a registry of their own.
    ///
    /// # Errors
    /// Where a name is taken twice.
    pub fn new() -> prometheus::Result<Self> {
        let make = Maker { registry: Registry::new(), names: RefCell::default() };
        let build = make.gauges("build_info", "Always 1; the labels tell what runs.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(Self {
            messages: make.counters("messages_total", "Messages read and staged.", &["link", "direction", "mti"])?,
            unreadable: make.counters("unreadable_total", "Frames that could not be read or break their profile.", &["link"])?,
            unbuildable: make.counters(
                "unbuildable_total",
                "Messages that could not be sent because the link's dialect cannot carry them.",
                &["link"],
            )?,
            refused: make.counter("refused_total", "Requests refused without a record (30 or 96).")?,
            transactions: make.counters(
                "transactions_total",
                "Transactions answered, by the response code (DE39) that was told.",
                &["kind", "bank", "outcome"],
            )?,
            answer_seconds: make.seconds(
                "answer_seconds",
                "From a request's acceptance to the decision on its answer.",
                &["kind"],
                ANSWER_SECONDS,
            )?,
            bank_seconds: make.seconds(
                "bank_answer_seconds",
                "From the decision to ask a bank to its answer.",
                &["bank"],
                ANSWER_SECONDS,
            )?,
            records: make.counters("records_total", "Decisions kept in the journal.", &["record"])?,
            links_closed: make.counters("links_closed_total", "Links that ended, by the reason.", &["link", "reason"])?,
            append_seconds: {
                let help = "From handing a block to the store until it was durable, retries included.";
                let options = HistogramOpts::new("payswitch_journal_append_seconds", help).buckets(APPEND_SECONDS.to_vec());
                make.register(Histogram::with_opts(options))?
            },
            journal_bytes: make.counter("journal_bytes_total", "Sealed bytes made durable.")?,
            journal_retries: make.counter("journal_retries_total", "Times that a block had to be tried again.")?,
            journal_stalled: make.gauge("journal_stalled", "1 while a block cannot be made durable.")?,
            journal_block: make.gauge("journal_block", "Newest durable block.")?,
            follower_block: make.gauge("follower_block", "Newest block that views and snapshots have folded.")?,
            snapshot_block: make.gauge("snapshot_block", "Block of the newest snapshot.")?,
            dead_letters: make.gauge("dead_letters", "What is owed to banks and was given up; an operator must look.")?,
            remembered: make.gauge("remembered_transactions", "Transactions in memory: two business dates, and what is owed.")?,
            forward_depth: make.gauges("forward_depth", "Advices and repeats owed to a bank and not yet confirmed.", &["bank"])?,
            holding: make.gauge("holds", "Authorized amounts that are held now.")?,
            business_date: make.gauge(
                "business_date_seconds",
                "The business date that is open: its midnight as if it were UTC, in seconds since 1970.",
            )?,
            days_not_closed: make.gauge("days_not_closed", "Earlier business dates of which requests still have no answer.")?,
            positions: make.gauges(
                "position",
                "Net position of the open business date, minor units; negative: owes. All others' together are participant other.",
                &["participant", "currency"],
            )?,
            stand_in: make.counters("stand_in_total", "Approvals in a bank's stead, by why it was not asked.", &["bank", "reason"])?,
            reversals: make.counters("reversals_total", "Legs that the switch began to reverse, by the reason.", &["reason"])?,
            late_replies: make.counters("late_replies_total", "Answers of banks that nobody waited for any more.", &["bank"])?,
            hot_card_refusals: make.counters(
                "hot_card_refusals_total",
                "Requests refused because their card is on a list of hot cards, by the code told.",
                &["code"],
            )?,
            orders: make.counters("orders_total", "Operators' orders, by what became of them.", &["order", "outcome"])?,
            payroll_batches: make.gauges("payroll_batches", "Batches of salaries that are remembered, by state.", &["state"])?,
            payroll_items: make.gauges("payroll_items", "Their items, by outcome.", &["outcome"])?,
            payroll_pending: make.gauges("payroll_pending_amount", "What their pending items come to, minor units.", &["currency"])?,
            payroll_part_seconds: make.gauge(
                "payroll_part_seconds",
                "For how long the batch has been at rest in state part that is so longest, as far as this process has seen; 0 where none is.",
            )?,
            cards: make.gauges("cards", "Cards in the store, by what they are today.", &["state"])?,
            faults_active: make.gauge("faults_active", "Faults set by a tester that may still strike.")?,
            faults_struck: make.counters("faults_struck_total", "Messages struck by a tester's faults.", &["link", "action"])?,
            bank_up: make.gauges("bank_up", "1 while a link of the bank is signed on.", &["bank"])?,
            in_flight: make.gauges("in_flight", "Requests and advices open at a bank.", &["bank"])?,
            in_flight_max: make.gauges("in_flight_max", "How many may be.", &["bank"])?,
            queue: make.gauges("queue_length", "What waits, by queue.", &["queue"])?,
            queue_max: make.gauges("queue_capacity", "How much may wait; 0 where only time bounds it.", &["queue"])?,
            registry: make.registry,
            names: make.names.into_inner().into(),
        })
    }

    /// What `/metrics` prints.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn set_queue(&self, queue: Queue, length: usize, capacity: usize) {
        self.queue.with_label_values(&[queue.label()]).set(gauge(length));
        self.queue_max.with_label_values(&[queue.label()]).set(gauge(capacity));
    }

    /// Somebody who counts into them what goes by in a shard with these rules.
    #[must_use]
    pub fn watch(&self, rules: &Rules) -> Box<dyn Watch + Send> {
        let names = rules.banks.iter().map(|bank| (bank.id, bank.name.as_str().into())).collect();
        Box::new(Counting::new(self.clone(), Readiness::new(), names))
    }

    /// The name of every series, as [`Metrics::value`] takes it; some have no value until something is counted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The value of a series by its name on `/metrics`; the sum where several have these labels, `None` where none has. A histogram
    /// has two series: its name with `_count`, and with `_sum`.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[(String, String)]) -> Option<f64> {
        let families = self.registry.gather();
        let series = families.iter().flat_map(|family| {
            let (rest, part) = (name.strip_prefix(family.name()), family.get_field_type());
            family.get_metric().iter().filter_map(move |metric| Some((metric, value_of(metric, part, rest?)?)))
        });
        let wanted = |metric: &prometheus::proto::Metric| {
            let has =
                |(name, value): &(String, String)| metric.get_label().iter().any(|it| it.name() == name && it.value() == value);
            labels.iter().all(has)
        };
        series.filter(|(metric, _)| wanted(metric)).map(|(_, value)| value).reduce(|sum, value| sum + value)
    }

    /// An operator's order was carried out, or not.
    pub fn count_order(&self, order: &str, done: &Result<(), Refused>) {
        self.order(order, OrderOutcome::of(done));
    }

    /// What the state holds now.
    pub fn set_state(&self, state: &State, rules: &Rules) {
        self.dead_letters.set(gauge(state.dead_letters().count()));
        self.remembered.set(gauge(state.remembered()));
        self.holding.set(gauge(state.holding()));
        self.business_date.set(state.date().days() * 24 * 3600);
        self.days_not_closed.set(gauge(state.unclosed().count()));
        for bank in &rules.banks {
            self.in_flight.with_label_values(&[&bank.name]).set(gauge(state.in_flight(bank.id)));
            self.in_flight_max.with_label_values(&[&bank.name]).set(gauge(bank.in_flight_max));
            self.forward_depth.with_label_values(&[&bank.name]).set(gauge(state.forward_depth_of(bank.id)));
        }
        self.set_positions(state, rules);
    }

    /// How payrolls stand. `longest`: for how long a batch has been at rest in part.
    pub(crate) fn set_payroll(&self, state: &State, longest: Duration) {
        let mut batches: BTreeMap<&str, usize> = BATCH_STATES.map(|name| (name, 0)).into();
        let mut items = [("paid", 0), ("returned", 0), ("rejected", 0), ("pending", 0)];
        let mut pending: BTreeMap<Currency, u64> = BTreeMap::new();
        for batch in state.batches() {
            let Some(has_come_to) = state.batch_state(batch.id()) else { continue };
            *batches.entry(has_come_to.name()).or_default() += 1;
            let it = batch.progress();
            for ((_, sum), tally) in items.iter_mut().zip([it.paid, it.returned, it.rejected, it.pending]) {
                *sum += tally.count;
            }
            let sum = pending.entry(batch.header().currency).or_default();
            *sum = sum.saturating_add(it.pending.amount);
        }
        for (name, count) in batches {
            self.payroll_batches.with_label_values(&[name]).set(gauge(count));
        }
        for (name, count) in items {
            self.payroll_items.with_label_values(&[name]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        for (currency, amount) in pending {
            self.payroll_pending.with_label_values(&[currency.alpha()]).set(i64::try_from(amount).unwrap_or(i64::MAX));
        }
        self.payroll_part_seconds.set(i64::try_from(longest.as_secs()).unwrap_or(i64::MAX));
    }

    /// Whoever sends a DE32 takes part, so only those that the configuration names have a series of their own.
    fn set_positions(&self, state: &State, rules: &Rules) {
        let mut nets: BTreeMap<(&str, Currency), i64> = BTreeMap::new();
        let names = rules.banks.iter().map(|bank| bank.name.as_str()).chain(["switch", "clearing", "other"]);
        let currencies = |of: &BankRules| of.currencies.clone();
        for name in names {
            nets.extend(rules.banks.iter().flat_map(currencies).map(|currency| ((name, currency), 0)));
        }
        for (_, currency, who, net) in state.positions().filter(|(date, ..)| *date == state.date()) {
            let name = match who {
                Participant::Clearing => "clearing",
                Participant::Institution(number) => overview::participant(rules, number).unwrap_or("other"),
            };
            let sum = nets.entry((name, currency)).or_default();
            *sum = sum.wrapping_add(net);
        }
        for ((name, currency), net) in nets {
            self.positions.with_label_values(&[name, currency.alpha()]).set(net);
        }
    }

    /// Counts cards by their state.
    pub(crate) fn set_cards(&self, all: &[cards::Tally]) {
        for state in cards::State::ALL {
            let count: u64 = all.iter().filter(|it| it.state == state).map(|it| it.cards).sum();
            self.cards.with_label_values(&[state.name()]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    pub(crate) fn set_faults(&self, active: usize) {
        self.faults_active.set(gauge(active));
    }

    pub(crate) fn fault_struck(&self, link: &str, name: faults::Name) {
        self.faults_struck.with_label_values(&[link, name.word()]).inc();
    }

    pub(crate) fn order(&self, order: &str, outcome: OrderOutcome) {
        self.orders.with_label_values(&[order, outcome.label()]).inc();
    }
}

/// What stands behind a metric's name, where `rest` follows the name of its family.
fn value_of(metric: &prometheus::proto::Metric, family: MetricType, rest: &str) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "as it is printed")]
    match (family, rest) {
        (MetricType::COUNTER, "") => Some(metric.get_counter().get_value()),
        (MetricType::GAUGE, "") => Some(metric.get_gauge().get_value()),
        (MetricType::HISTOGRAM, "_count") => Some(metric.get_histogram().get_sample_count() as f64),
        (MetricType::HISTOGRAM, "_sum") => Some(metric.get_histogram().get_sample_sum()),
        _ => None,
    }
}

fn stand_in_reason(it: StandInReason) -> &'static str {
    match it {
        StandInReason::SignedOff => "signed_off",
        StandInReason::Down => "down",
        StandInReason::Queued => "queued",
    }
}

fn reversal_reason(it: ReversalReason) -> &'static str {
    match it {
        ReversalReason::Unknown => "unknown",
        ReversalReason::Asked => "asked",
        ReversalReason::Undelivered => "undelivered",
        ReversalReason::LaterLegRefused => "later_leg_refused",
    }
}

fn gauge(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Finding a metric by its labels costs more than counting, so those in use are kept at hand. There are few of them, whoever
/// sends: an unknown message type or code is a value of a small set too.
struct AtHand<K, M>(HashMap<K, M, FixedState>);

impl<K, M> Default for AtHand<K, M> {
    fn default() -> Self {
        Self(HashMap::with_hasher(FixedState::default()))
    }
}

impl<K: Eq + Hash, M> AtHand<K, M> {
    fn get(&mut self, key: K, find: impl FnOnce() -> M) -> &M {
        self.0.entry(key).or_insert_with(find)
    }
}

/// The socket thread's own hand on the metrics.
pub(crate) struct Counting {
    metrics: Metrics,
    readiness: Readiness,
    bank_names: HashMap<BankId, Arc<str>>,
    messages: AtHand<(Arc<str>, Direction, Mti), IntCounter>,
    transactions: AtHand<(Option<Kind>, Option<BankId>, ResponseCode), IntCounter>,
    answers: AtHand<Kind, Histogram>,
    banks: AtHand<BankId, Histogram>,
    records: AtHand<&'static str, IntCounter>,
    /// Who is told what records say of cards.
    cards: Option<Arc<crate::cards::Shared>>,
}

impl Counting {
    pub(crate) fn new(metrics: Metrics, readiness: Readiness, bank_names: HashMap<BankId, Arc<str>>) -> Self {
        for name in bank_names.values() {
            metrics.bank_up.with_label_values(&[name]).set(0);
        }
        Self {
            metrics,
            readiness,
            bank_names,
            messages: AtHand::default(),
            transactions: AtHand::default(),
            answers: AtHand::default(),
            banks: AtHand::default(),
            records: AtHand::default(),
            cards: None,
        }
    }

    /// Tells who knows cards what is decided, too.
    pub(crate) fn telling(self, cards: Arc<crate::cards::Shared>) -> Self {
        Self { cards: Some(cards), ..self }
    }

    fn bank_name(&self, bank: Option<BankId>) -> &str {
        bank.and_then(|bank| self.bank_names.get(&bank)).map_or("none", |name| name)
    }

    fn outcome(&mut self, kind: Option<Kind>, bank: Option<BankId>, code: ResponseCode) {
        let Self { metrics, bank_names, transactions, .. } = self;
        let counter = transactions.get((kind, bank, code), || {
            let bank = bank.and_then(|bank| bank_names.get(&bank)).map_or("none", |name| name);
            metrics.transactions.with_label_values(&[kind.map_or("reversal", Kind::name), bank, &code.to_string()])
        });
        counter.inc();
    }

    fn answered(&mut self, at: Timestamp, before: &State, id: TransactionId, code: ResponseCode) {
        let Some(it) = before.transaction(id) else { return };
        let Some(kind) = it.asked.kind() else { return };
        // A salary's outcome found after 09 is told to repeats; the transaction was answered before.
        if it.answer.is_some() {
            return;
        }
        self.outcome(Some(kind), it.legs.first().map(|leg| leg.bank), code);
        let Self { metrics, answers, .. } = self;
        let seconds = answers.get(kind, || metrics.answer_seconds.with_label_values(&[kind.name()]));
        seconds.observe(at.since(it.accepted).as_secs_f64());
    }

    fn bank_answered(&mut self, at: Timestamp, before: &State, leg: LegId) {
        let Some((bank, started)) = before.leg(leg).map(|it| (it.bank, it.started)) else { return };
        let Self { metrics, banks, bank_names, .. } = self;
        let name = bank_names.get(&bank).map_or("none", |name| name);
        let seconds = banks.get(bank, || metrics.bank_seconds.with_label_values(&[name]));
        seconds.observe(at.since(started).as_secs_f64());
    }
}

impl Watch for Counting {
    fn message(&mut self, direction: Direction, side: &Side, mti: Mti) {
        let Self { metrics, messages, .. } = self;
        let name = match side {
            Side::Acquirer { name, .. } => name,
            Side::Bank(bank) => &bank.name,
        };
        let way = match direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        let counter =
            messages.get((name.clone(), direction, mti), || metrics.messages.with_label_values(&[name, way, &mti.to_string()]));
        counter.inc();
    }

    fn unreadable(&mut self, side: &Side) {
        self.metrics.unreadable.with_label_values(&[side.name()]).inc();
    }

    fn unbuildable(&mut self, side: &Side, mti: Mti, error: &wire::BuildError) {
        tracing::warn!(link = side.name(), %mti, %error, "a message cannot be sent in this link's dialect");
        self.metrics.unbuildable.with_label_values(&[side.name()]).inc();
    }

    fn refused(&mut self) {
        self.metrics.refused.inc();
    }

    fn record(&mut self, at: Timestamp, before: &State, record: &Record<'_>) {
        if let Some(cards) = &self.cards {
            cards.decided(before, record);
        }
        let Self { metrics, records, .. } = self;
        records.get(record.name(), || metrics.records.with_label_values(&[record.name()])).inc();
        match *record {
            Record::Answered { transaction, answer } => self.answered(at, before, transaction, answer.code),
            Record::Refused { asked, code, .. } => {
                self.outcome(asked.kind(), None, code);
                if asked.pan.and_then(|pan| before.hot_card(pan)) == Some(code) {
                    self.metrics.hot_card_refusals.with_label_values(&[&code.to_string()]).inc();
                }
            }
            Record::StoodIn { leg, reason, .. } => {
                let bank = self.bank_name(before.leg(leg).map(|it| it.bank));
                self.metrics.stand_in.with_label_values(&[bank, stand_in_reason(reason)]).inc();
            }
            Record::ReversalStarted { reason, .. } => {
                self.metrics.reversals.with_label_values(&[reversal_reason(reason)]).inc();
            }
            Record::LateReply { bank, .. } => {
                self.metrics.late_replies.with_label_values(&[self.bank_name(Some(bank))]).inc();
            }
            Record::ReversalAnswered { code, .. } => self.outcome(None, None, code),
            Record::LegAnswered { leg, .. } => self.bank_answered(at, before, leg),
            Record::BankLinked { bank, up } => {
                self.readiness.bank(up);
                self.metrics.bank_up.with_label_values(&[self.bank_name(Some(bank))]).set(i64::from(up));
            }
            _ => {}
        }
    }
}
