//! What can go wrong in a world, and how often it does under one seed.

use crate::queue::{MILLI, Moment, SECOND};
use crate::random::Random;

macro_rules! faults {
    ($($(#[doc = $about:literal])* $fault:ident = $name:literal,)*) => {
        /// Something that goes wrong, or happens at a bad moment.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($(#[doc = $about])* $fault,)* }

        impl Fault {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$fault),*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }
        }
    };
}

faults! {
    /// A connection dies with what was on its way; its ends notice later.
    Cut = "connection cut",
    /// A connection dies behind what was on its way.
    Closed = "connection closed",
    /// A peer sends bytes that are no message, between two messages.
    Garbage = "garbage frame",
    /// A peer sends bytes that break the framing.
    LostStep = "framing broken",
    /// A peer sends a message that breaks its profile.
    Malformed = "malformed message",
    /// A bank's host dies; its ledger does not, its unsent answers do.
    BankRestart = "bank restart",
    /// A bank signs itself off and comes back later.
    SignOff = "bank signed off",
    /// The switch dies.
    Crash = "switch crash",
    /// At that moment a block was on its way to the store and did not get there.
    BlockLost = "block lost in a crash",
    /// It got there in part.
    BlockTorn = "block torn in a crash",
    /// It got there, and nobody was told.
    BlockKept = "block kept in a crash",
    /// The store takes nothing for a while: somebody else holds it.
    StoreBusy = "store busy",
    /// The store takes nothing for a while: no room.
    StoreFull = "store full",
    /// The store's answer is lost; the block is there.
    AnswerLost = "commit outcome unknown, written",
    /// The store's answer is lost; the block is not there.
    RequestLost = "commit outcome unknown, not written",
    /// The wall clock jumps.
    ClockStep = "clock step",
    /// A peer takes nothing for a while.
    SlowReader = "slow reader",
    /// A slow reader is given up.
    SlowReaderClosed = "slow reader closed",
    /// The kernel takes only a part of what may leave.
    PartialWrite = "partial write",
    /// Bytes come in pieces.
    Split = "message in pieces",
    /// A terminal sends the same message twice.
    Duplicate = "duplicate message",
    /// A bank answers after its timer.
    SlowBank = "slow bank",
    /// A bank posts and does not answer.
    SilentBank = "silent bank",
    /// A bank does not get to see what it was sent.
    DeafBank = "request lost in the bank",
    /// A bank's answer cannot be understood.
    BadReply = "malformed reply",
    /// A bank sends an answer twice.
    DoubleReply = "duplicate reply",
    /// A bank sends an answer under the trace number of another.
    StrayReply = "stray reply",
    /// A bank refuses an advice for good.
    RefusedAdvice = "advice refused",
    /// A bank says that it cannot now.
    NotNow = "bank cannot now",
    /// A bank does not answer an echo or a sign-on.
    NoEcho = "echo lost",
    /// A bank refuses a sign-on.
    RefusedSignOn = "sign-on refused",
    /// A bank lists a card of its own, or takes it off the list.
    HotCard = "hot card by its bank",
    /// An operator opens the next business date.
    OrderedCutover = "cutover by order",
    /// An operator signs a bank off.
    OrderedOff = "bank signed off by order",
    /// And on again.
    OrderedOn = "bank signed on by order",
    /// An operator lists a card.
    CardListed = "card listed by order",
    /// And takes it off.
    CardUnlisted = "card unlisted by order",
    /// An operator has a dead letter tried again.
    DeadRetried = "dead letter retried",
    /// An operator discards one.
    DeadDiscarded = "dead letter discarded",
    /// The business date changes.
    Midnight = "midnight",
    /// A payer submits a batch of salaries.
    PayrollSubmitted = "payroll submitted",
    /// Another operator approves it.
    PayrollApproved = "payroll approved",
    /// An operator cancels one.
    PayrollCancelled = "payroll cancelled",
    /// An operator has a salary taken back.
    PayrollRecalled = "salary recalled",
    /// A file is handed in again.
    PayrollAgain = "payroll handed in again",
    /// Somebody is in two files of a half-month.
    PayrollSamePeople = "somebody in two payrolls",
    /// Salaries that were refused are handed in again.
    PayrollCorrected = "payroll corrected",
    /// An operator has a payer's account credited once more.
    PayrollCredited = "payer credited by order",
    /// A batch is funded in more parts than one.
    PayrollInParts = "payroll funded in parts",
    /// A payer gets back in more parts than one what was not paid.
    PayrollBackInParts = "payer credited in parts",
    /// A batch is cancelled of which a part was funded.
    PayrollPartCancelled = "partly funded payroll cancelled",
}

/// Times in a million.
pub(crate) type Rate = u32;

/// What one seed has in store.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// When the world begins, microseconds since the epoch.
    pub(crate) start: i64,
    /// Between two customers, on average.
    pub(crate) gap: Moment,
    /// When the faults end.
    pub(crate) calm_at: Moment,
    /// What a sync takes, from and to.
    pub(crate) sync: (Moment, Moment),
    /// What bytes take from end to end, from and to.
    pub(crate) latency: (Moment, Moment),
    /// What a bank takes to post, from and to.
    pub(crate) post: (Moment, Moment),
    /// How long a connection is gone before it is made again, from and to.
    pub(crate) mended: (Moment, Moment),
    /// How long an end may at most believe in a connection that is gone.
    pub(crate) noticed_within: Moment,
    /// In how many of a million crashes what had left on a connection still arrives.
    pub(crate) left_arrives: Rate,
    pub(crate) rates: Rates,
    /// Faults at moments of their own.
    pub(crate) strikes: Vec<(Moment, Fault)>,
    /// Whether a story is told of it.
    pub(crate) told: bool,
}

/// How often something is wrong with a message.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    pub(crate) split: Rate,
    pub(crate) partial_write: Rate,
    pub(crate) duplicate: Rate,
    /// A terminal that asks again before its timer ends.
    pub(crate) repeat: Rate,
    /// A customer who undoes an approval, in part or whole.
    pub(crate) undo: Rate,
    /// A terminal whose reversal comes first.
    pub(crate) early_undo: Rate,
    /// A request that cannot be met: a strange card, nothing to pay, another currency.
    pub(crate) mistake: Rate,
    pub(crate) slow_bank: Rate,
    pub(crate) silent_bank: Rate,
    pub(crate) deaf_bank: Rate,
    pub(crate) bad_reply: Rate,
    pub(crate) double_reply: Rate,
    pub(crate) stray_reply: Rate,
    pub(crate) refused_advice: Rate,
    pub(crate) not_now: Rate,
    pub(crate) no_echo: Rate,
}

/// A way there and back where everything is even.
const EVEN: Moment = MILLI;

/// 2022-12-28, 00:00 in Phnom Penh.
const LAUNCH_DAY: i64 = 1_672_160_400_000_000;
const DAY: u64 = 24 * 3600 * SECOND;

/// Faults at moments of their own: how many at most, and in how many of a thousand seeds any at all.
const STRIKES: &[(Fault, u64, u32)] = &[
    (Fault::Cut, 12, 600),
    (Fault::Closed, 8, 400),
    (Fault::Garbage, 30, 300),
    (Fault::LostStep, 4, 200),
    (Fault::Malformed, 20, 300),
    (Fault::BankRestart, 4, 400),
    (Fault::SignOff, 2, 200),
    (Fault::Crash, 4, 450),
    (Fault::StoreBusy, 3, 250),
    (Fault::StoreFull, 2, 200),
    (Fault::AnswerLost, 4, 200),
    (Fault::RequestLost, 4, 200),
    (Fault::ClockStep, 3, 300),
    (Fault::SlowReader, 5, 400),
    (Fault::HotCard, 12, 300),
    (Fault::OrderedCutover, 1, 200),
    (Fault::OrderedOff, 3, 250),
    (Fault::OrderedOn, 6, 250),
    (Fault::CardListed, 6, 250),
    (Fault::CardUnlisted, 6, 250),
    (Fault::DeadRetried, 6, 400),
    (Fault::DeadDiscarded, 6, 400),
];

impl Plan {
    pub(crate) fn draw(random: &mut Random, transactions: u32) -> Self {
        // Some worlds crawl and some are in a hurry; most wait a little for the disk.
        let gap = random.pick(&[200, 1_000, 5_000, 20_000, 100_000]);
        let arrivals = gap * u64::from(transactions);
        let calm_at = arrivals + random.between(20, 180) * SECOND;
        let sync = random.pick(&[(50, 400), (200, 3_000), (2_000, 20_000), (100, 100_000)]);
        let latency = random.pick(&[(20, 300), (500, 5_000), (1_000, 80_000)]);
        let post = random.pick(&[(100, 2_000), (1_000, 50_000), (10_000, 900_000)]);
        let quiet = random.chance(60_000);
        let strikes = if quiet { Vec::new() } else { strikes(random, calm_at) };
        let rates = if quiet { Rates { repeat: 20_000, undo: 50_000, ..Rates::default() } } else { rates(random) };
        // Every other world is busy around midnight, when the business date changes.
        let start = if random.chance(500_000) {
            let before = random.below(calm_at.min(DAY));
            LAUNCH_DAY + signed(DAY - before)
        } else {
            LAUNCH_DAY + signed(random.below(DAY))
        };
        Self { gap, calm_at, sync, latency, post, rates, strikes, ..Self::rough(start) }
    }

    /// Nothing goes wrong by itself, and everything takes as long as it always does.
    pub(crate) fn even(start: i64) -> Self {
        Self {
            mended: (EVEN, EVEN),
            noticed_within: EVEN,
            left_arrives: 1_000_000,
            sync: (EVEN / 10, EVEN / 10),
            latency: (EVEN / 2, EVEN / 2),
            ..Self::rough(start)
        }
    }

    /// Connections as they are among many machines; nothing else is foreseen.
    fn rough(start: i64) -> Self {
        Self {
            start,
            gap: 0,
            calm_at: Moment::MAX,
            sync: (0, 0),
            latency: (0, 0),
            post: (0, 0),
            mended: (50 * MILLI, 8 * SECOND),
            noticed_within: Moment::MAX,
            left_arrives: 500_000,
            rates: Rates::default(),
            strikes: Vec::new(),
            told: false,
        }
    }
}

fn rates(random: &mut Random) -> Rates {
    // Each in a third of the worlds never, else rarely or often.
    let mut rate = |most: Rate| {
        let most = u64::from(most);
        let rate = match random.below(3) {
            0 => 0,
            1 => random.between(most / 50, most / 5),
            _ => random.between(most / 5, most),
        };
        u32::try_from(rate).unwrap_or(0)
    };
    Rates {
        split: rate(300_000),
        partial_write: rate(100_000),
        duplicate: rate(50_000),
        repeat: rate(200_000),
        undo: rate(200_000),
        early_undo: rate(30_000),
        mistake: rate(100_000),
        slow_bank: rate(30_000),
        silent_bank: rate(20_000),
        deaf_bank: rate(20_000),
        bad_reply: rate(20_000),
        double_reply: rate(50_000),
        stray_reply: rate(30_000),
        refused_advice: rate(20_000),
        not_now: rate(40_000),
        no_echo: rate(100_000),
    }
}

fn strikes(random: &mut Random, until: Moment) -> Vec<(Moment, Fault)> {
    let mut strikes = Vec::new();
    for (fault, most, per_thousand) in STRIKES {
        if !random.chance(per_thousand * 1_000) {
            continue;
        }
        for _ in 0..random.between(1, *most) {
            strikes.push((random.below(until), *fault));
        }
    }
    // Two troubles at almost the same time are worth more than two apart.
    if strikes.len() > 1 {
        for _ in 0..random.below(3) {
            let (to, from) = (random.place(strikes.len()), random.place(strikes.len()));
            strikes[to].0 = strikes[from].0 + random.below(50 * MILLI);
        }
    }
    strikes
}

pub(crate) fn signed(moment: Moment) -> i64 {
    i64::try_from(moment).unwrap_or(i64::MAX)
}
