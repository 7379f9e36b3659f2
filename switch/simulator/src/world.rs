//! One world: terminals, banks, connections and a switch, on one clock that jumps from event to event.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use engine::{BankId, BankRules, Command, Prefix, Rules, Timers};
use model::{Currency, InstitutionId, Kind, LocalDate, Pan, Timestamp, UtcOffset};
use wire::{Dialect, Framing};

use crate::bank::ledger::{CardState, Ledger};
use crate::bank::{Bank, SWITCH};
use crate::check::{Checker, Violation};
use crate::coverage::Coverage;
use crate::digest::Digest;
use crate::faults::{Fault, Plan, Rates, signed};
use crate::host::Host;
use crate::line::{Far, Line, timestamp};
use crate::payer::Payers;
use crate::queue::{Event, Moment, Queue, SECOND};
use crate::random::Random;
use crate::sabotage::Sabotage;
use crate::staged::{Hand, Seen};
use crate::story::Story;
use crate::tariff::Tariff;
use crate::terminal::Acquirer;
use crate::terminal::transaction::Transaction;

/// How long everything may take to come to rest when the faults have ended.
const REST_WITHIN: Moment = 3 * 3600 * SECOND;

/// Violations of one seed that are told; more would tell the same.
const VIOLATIONS_MAX: usize = 8;

const FRAMINGS: &[&str] = &[
    "2-byte",
    "2-byte",
    "4-byte",
    "4-digit",
    "2-byte bcd",
    "2-byte inclusive",
    "4-digit inclusive",
    "2-byte tpdu",
    "2-byte tpdu 6000010002",
    "4-digit header 49534F30",
    "2-byte header echo 12",
];

/// Everything there is.
pub(crate) struct World {
    pub(crate) now: Moment,
    pub(crate) queue: Queue,
    pub(crate) random: Random,
    pub(crate) plan: Plan,
    /// As the plan has them, until it is calm.
    pub(crate) rates: Rates,
    pub(crate) is_calm: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) acquirers: Vec<Acquirer>,
    /// Issuers of cards, and behind them operators of mobile phones.
    pub(crate) banks: Vec<Bank>,
    pub(crate) issuers: usize,
    /// Far ends that somebody outside moves, and what they have seen.
    pub(crate) hands: Vec<Hand>,
    pub(crate) seen: VecDeque<Seen>,
    /// Virtual cards that terminals were told of: bank, funding card's place, number.
    pub(crate) issued: Vec<(usize, usize, Pan)>,
    pub(crate) host: Host,
    pub(crate) currencies: [Currency; 2],
    pub(crate) transactions: Vec<Transaction>,
    /// How many are to come.
    pub(crate) wanted: u32,
    pub(crate) digest: Digest,
    pub(crate) coverage: Coverage,
    pub(crate) violations: Vec<Violation>,
    pub(crate) story: Option<Story>,
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) tariff: Tariff,
    pub(crate) payers: Payers,
    pub(crate) scratch: Vec<u8>,
    /// How many dates are opened when all is at rest.
    cutovers: u64,
    audited: bool,
    date: Option<LocalDate>,
    over: bool,
}

impl World {
    pub(crate) fn new(seed: u64, wanted: u32, story: Option<Story>, sabotage: Option<Sabotage>) -> Self {
        let mut random = Random::new(seed);
        let mut plan = Plan::draw(&mut random, wanted);
        plan.told = story.is_some();
        let currencies = currencies();
        let mut lines = Vec::new();
        let mut banks = banks(&mut random, &mut lines, currencies);
        let issuers = banks.len();
        banks.extend(operators(&mut random, &mut lines, currencies, issuers));
        let acquirers = acquirers(&mut random, &mut lines);
        let first_day = offset().date(timestamp(plan.start));
        let tariff = Tariff::draw(&mut random, currencies, first_day);
        let (payers, payroll) = Payers::draw(seed, plan.start, plan.calm_at);
        let rules = Rules { payroll, ..rules(&mut banks, issuers, &tariff, &mut random) };
        let host = Host::new(rules, shard::Limits::default(), seed);
        for bank in &mut banks {
            bank.ledger.hold_life = u64::try_from(host.rules.timers.hold_life.as_micros()).unwrap_or(0);
        }
        let cutovers = if random.chance(300_000) { random.between(1, 5) } else { 0 };
        let transactions = Vec::with_capacity(wanted as usize);
        let drawn = Self {
            lines,
            acquirers,
            banks,
            issuers,
            tariff,
            payers,
            wanted,
            transactions,
            cutovers,
            ..Self::empty(random, plan, host, seed)
        };
        let mut world = Self { story, sabotage, ..drawn };
        world.restart();
        for (place, (at, _)) in world.plan.strikes.iter().enumerate() {
            world.queue.at(*at, Event::Strike { place: u32::try_from(place).unwrap_or(u32::MAX) });
        }
        world.foresee_payers();
        // Customers come when the banks have had a moment to sign on.
        world.queue.at(8 * SECOND, Event::Begin);
        world.queue.at(world.plan.calm_at + 8 * SECOND, Event::Calm);
        world
    }

    /// A switch that has not started yet, and nobody around it.
    pub(crate) fn empty(random: Random, plan: Plan, host: Host, seed: u64) -> Self {
        Self {
            now: 0,
            queue: Queue::default(),
            random,
            rates: plan.rates,
            is_calm: false,
            lines: Vec::new(),
            acquirers: Vec::new(),
            banks: Vec::new(),
            issuers: 0,
            hands: Vec::new(),
            seen: VecDeque::new(),
            issued: Vec::new(),
            host,
            currencies: currencies(),
            transactions: Vec::new(),
            wanted: 0,
            digest: Digest::new(seed),
            coverage: Coverage::default(),
            violations: Vec::new(),
            story: None,
            sabotage: None,
            tariff: Tariff::free(currencies()),
            payers: Payers::none(),
            scratch: Vec::new(),
            cutovers: 0,
            audited: false,
            date: None,
            over: false,
            plan,
        }
    }

    pub(crate) fn offset(&self) -> UtcOffset {
        self.host.rules.offset
    }

    /// How long an authorized amount is held.
    pub(crate) fn hold_life(&self) -> Moment {
        u64::try_from(self.host.rules.timers.hold_life.as_micros()).unwrap_or(0)
    }

    /// The true time, which terminals and banks go by.
    pub(crate) fn time(&self) -> Timestamp {
        timestamp(self.plan.start + signed(self.now))
    }

    /// Runs until everything has come to rest, or must have.
    pub(crate) fn run(&mut self) {
        while self.step() {
            if self.over || self.violations.len() >= VIOLATIONS_MAX {
                break;
            }
        }
    }

    /// The next thing that is foreseen happens; nothing may be.
    pub(crate) fn step(&mut self) -> bool {
        let Some((at, event)) = self.queue.next() else { return false };
        debug_assert!(at >= self.now, "time does not run backwards");
        self.now = at;
        self.happen(event);
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { wire, life, to_switch } => self.arrive(wire.into(), life, to_switch),
            Event::Notice { wire, life, switch } => self.notice(wire.into(), life, switch),
            Event::Connect { wire } => self.connect(wire.into()),
            Event::Flush { wire, life } => self.flush_again(wire.into(), life),
            Event::Commit { life } => self.commit(life),
            Event::Synced { life } => self.synced(life),
            Event::Look { life, at } => self.look(life, at),
            Event::Restart => self.restart(),
            Event::Begin => self.begin(),
            Event::Customer { tx, turn } => self.customer(tx, turn),
            Event::Post { bank, slot, life } => self.bank_posts(bank.into(), slot, life),
            Event::Reply { bank, slot, life } => self.bank_replies(bank.into(), slot, life),
            Event::Sign { bank, on } => self.sign_due(bank.into(), on),
            Event::Back { bank } => self.banks[usize::from(bank)].up = true,
            Event::Strike { place } => self.strike(place as usize),
            Event::Calm => self.calm(),
            Event::Rest => self.rest(),
            Event::Payer => self.payer(),
        }
    }

    /// The faults end; what is broken is mended.
    fn calm(&mut self) {
        self.is_calm = true;
        self.plan.mended.1 = SECOND;
        self.rates = Rates::default();
        self.host.store.mend();
        for place in 0..self.lines.len() {
            if self.lines[place].slow_until > self.now {
                self.lines[place].slow_until = 0;
                self.flush(place);
            }
        }
        for bank in 0..self.banks.len() {
            if self.banks[bank].signed_off {
                self.sign(bank, true);
            }
        }
        self.settle_dead_letters();
        self.story_event(|| "the faults end".into());
        self.queue.at(self.now + 5 * SECOND, Event::Rest);
    }

    /// Whether everything has come to rest; then some are asked once more, and when that is answered the world is over.
    fn rest(&mut self) {
        self.sign_on_again();
        let open = self.transactions.iter().filter(|it| !it.is_settled()).count();
        let payrolls = self.payrolls_rest();
        let rests = payrolls && self.host.is_drained() && open == 0 && self.transactions.len() >= self.wanted as usize;
        if rests && !self.audited {
            self.audited = true;
            self.audit();
        } else if rests && self.transactions.iter().all(Transaction::is_audited) {
            if self.cutovers == 0 {
                self.over = true;
                return;
            }
            if self.order(Command::Cutover) {
                self.cutovers -= 1;
            }
        } else if self.audited {
            self.audit_again();
        }
        let late = self.now > self.plan.calm_at + REST_WITHIN;
        if late || !self.violations.is_empty() {
            self.over = true;
            if late {
                self.not_at_rest(open);
            }
            return;
        }
        self.queue.at(self.now + 5 * SECOND, Event::Rest);
    }

    /// DE15 as it is seen, once and for all of a transaction.
    pub(crate) fn check_date(&mut self, number: Option<u32>, date: Option<LocalDate>, who: &str) {
        let Some(number) = number else { return };
        let Some(it) = self.transactions.get_mut(number as usize).filter(|it| it.moves_money()) else { return };
        let Some(date) = date else {
            return self.violation(Checker::Dates, Some(number), "a business date in every message", &format!("none at {who}"));
        };
        match it.date {
            None => it.date = Some(date),
            Some(known) if known == date => {}
            Some(known) => {
                self.violation(Checker::Dates, Some(number), &format!("the business date {known}"), &format!("{date} at {who}"));
            }
        }
        if self.date.replace(date).is_some_and(|before| before != date) {
            self.coverage.fault(Fault::Midnight);
        }
    }

    pub(crate) fn violation(&mut self, checker: Checker, number: Option<u32>, expected: &str, stood: &str) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { checker, transaction: number, expected: expected.into(), stood: stood.into() });
        }
    }
}

/// Those that worlds pay in.
fn currencies() -> [Currency; 2] {
    [116, 840].map(|code| Currency::from_numeric(code).unwrap_or_else(|| unreachable!("it is listed")))
}

/// Banks with their cards, each with a dialect, a framing and a temper of its own.
fn banks(random: &mut Random, lines: &mut Vec<Line>, currencies: [Currency; 2]) -> Vec<Bank> {
    const BANKS: [(&str, u32, u64); 3] =
        [("acleda", 116_001, 911_601), ("canadia", 116_002, 911_602), ("wing", 116_003, 911_603)];
    let count = random.between(1, 3);
    BANKS
        .iter()
        .take(usize::try_from(count).unwrap_or(1))
        .enumerate()
        .map(|(place, (name, id, prefix))| {
            let cards = usize::try_from(random.between(3, 60)).unwrap_or(3);
            let accounts = (0..cards).map(|_| {
                let state = match random.below(40) {
                    0 => CardState::Lost,
                    1 => CardState::Stolen,
                    2 => CardState::Restricted,
                    _ => CardState::Normal,
                };
                let open = if random.chance(150_000) { 300_000 } else { 50_000_000_000 };
                (state, [open, open])
            });
            let accounts: Vec<_> = accounts.collect();
            let ledger = Ledger::new(*prefix, currencies, accounts, random.chance(700_000), random.chance(200_000));
            let mut bank = Bank::new(name, *id, *prefix, ledger, cards);
            let (dialect, framing) = speech(random);
            for _ in 0..random.between(1, 2) {
                bank.lines.push(lines.len());
                lines.push(Line::new(Far::Bank(place), Arc::clone(&dialect), framing));
            }
            bank
        })
        .collect()
}

/// Operators of mobile phones: banks without cards, that credit telephones.
fn operators(random: &mut Random, lines: &mut Vec<Line>, currencies: [Currency; 2], behind: usize) -> Vec<Bank> {
    const OPERATORS: [(&str, u32); 2] = [("metfone", 116_801), ("smart", 116_802)];
    let count = random.between(1, 2);
    OPERATORS
        .iter()
        .take(usize::try_from(count).unwrap_or(1))
        .enumerate()
        .map(|(place, (name, id))| {
            let phones = usize::try_from(random.between(2, 20)).unwrap_or(2);
            let accounts = vec![(CardState::Normal, [0, 0]); phones];
            let ledger = Ledger::new(0, currencies, accounts, false, random.chance(300_000));
            let mut operator = Bank::new(name, *id, 0, ledger, phones);
            let (dialect, framing) = speech(random);
            operator.lines.push(lines.len());
            lines.push(Line::new(Far::Bank(behind + place), dialect, framing));
            operator
        })
        .collect()
}

fn acquirers(random: &mut Random, lines: &mut Vec<Line>) -> Vec<Acquirer> {
    const NAMES: [&str; 4] = ["atms", "shops", "treasury", "concentrator"];
    let count = usize::try_from(random.between(1, 4)).unwrap_or(1);
    (0..count)
        .map(|place| {
            let (dialect, framing) = speech(random);
            let mut own = Vec::new();
            for _ in 0..random.between(1, 3) {
                own.push(lines.len());
                lines.push(Line::new(Far::Acquirer(place), Arc::clone(&dialect), framing));
            }
            let terminals = usize::try_from(random.between(1, 40)).unwrap_or(1);
            Acquirer {
                name: NAMES[place].into(),
                // A bank may have terminals of its own.
                institution: InstitutionId::new(if random.chance(100_000) { 116_001 } else { 116_900 + place as u64 })
                    .unwrap_or_else(|| unreachable!("six digits")),
                escrow: random.chance(500_000),
                lines: own,
                stans: vec![0; terminals],
                names_itself: random.chance(500_000),
                keeps_stan: random.chance(300_000),
            }
        })
        .collect()
}

fn speech(random: &mut Random) -> (Arc<Dialect>, Framing) {
    let names = Dialect::builtin_names();
    let dialect = Dialect::builtin(names[random.place(names.len())]);
    let framing = FRAMINGS[random.place(FRAMINGS.len())].parse();
    let framing = framing.unwrap_or_else(|_| unreachable!("the words above name framings"));
    (dialect.unwrap_or_else(|| unreachable!("it is built in")), framing)
}

fn rules(banks: &mut [Bank], issuers: usize, tariff: &Tariff, random: &mut Random) -> Rules {
    let crowded = random.chance(100_000);
    let stand_in: Vec<_> =
        (0..banks.len()).map(|place| (place < issuers && random.chance(500_000)).then(|| tariff.stand_in(random))).collect();
    for (bank, stand_in) in banks.iter_mut().zip(&stand_in) {
        bank.is_stood_in_for = stand_in.is_some();
    }
    let bank = |(place, bank): (usize, &Bank)| BankRules {
        id: BankId(bank.id),
        name: bank.name.to_string(),
        prefixes: if place < issuers { prefixes(bank.prefix) } else { Vec::new() },
        kinds: if place < issuers { Kind::ALL.to_vec() } else { vec![Kind::TopUp] },
        currencies: tariff.currencies().to_vec(),
        in_flight_max: if crowded { 8 } else { 10_000 },
        stand_in: stand_in.get(place).cloned().flatten(),
        ..BankRules::default()
    };
    Rules {
        institution: InstitutionId::new(SWITCH).unwrap_or_else(|| unreachable!("six digits")),
        offset: offset(),
        timers: Timers { hold_life: Duration::from_secs(random.pick(&[20, 200, 1_200])), ..Timers::default() },
        banks: banks.iter().enumerate().map(bank).collect(),
        fees: tariff.fees(),
        limits: tariff.limits(),
        rates: tariff.rates(),
        ..Rules::default()
    }
}

/// Local time is +07:00.
pub(crate) fn offset() -> UtcOffset {
    UtcOffset::from_minutes(7 * 60).unwrap_or_else(|| unreachable!("it exists"))
}

/// Of a bank's cards and of its virtual ones.
fn prefixes(prefix: u64) -> Vec<Prefix> {
    [prefix, prefix + 10].iter().filter_map(|prefix| Prefix::parse(&prefix.to_string())).collect()
}
