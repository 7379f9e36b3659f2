//! Stories about the engine, told through a shell that keeps what leaves it.

mod days;
mod golden;
mod holds;
mod legs;
mod orders;
mod payroll;
mod standin;
mod stories;

use std::collections::VecDeque;
use std::time::Duration;

use model::{
    Currency, InstitutionId, Kind, LocalDate, LocalTime, Message, Mti, NetworkCode, OriginalData, Pan, ProcessingCode,
    ResponseCode, Rrn, Stan, TerminalId, Text, Timestamp, TransmissionTime, UtcOffset,
};

use crate::{
    About, Acquirer, BankEvent, BankId, BankRules, Block, BlockWriter, Command, Disallowed, Engine, Input, LinkId, Out,
    Participant, Peer, Prefix, Record, Rules, State, Timers,
};

pub(crate) const ACLEDA: BankId = BankId(116_001);
pub(crate) const CANADIA: BankId = BankId(116_002);
pub(crate) const SMART: BankId = BankId(116_701);
pub(crate) const ATM: LinkId = LinkId(7);
const NOON: Timestamp = Timestamp::from_micros(1_672_203_600_000_000);

pub(crate) fn khr() -> Currency {
    Currency::from_alpha("KHR").unwrap()
}

#[derive(Default)]
struct Shell {
    now: Timestamp,
    block: BlockWriter,
    sent: VecDeque<(Peer, Message<'static>, About)>,
}

impl Out for Shell {
    fn append(&mut self, _before: &State, record: &Record<'_>) {
        self.block.append(self.now, record);
    }

    fn send(&mut self, to: Peer, message: &Message<'_>, about: About) {
        // What borrows the frame is dropped: these stories are about what the engine decides.
        let message = Message {
            location: None,
            additional: None,
            pin_block: None,
            balances: None,
            chip: None,
            private: [None; 4],
            ..*message
        };
        let message = Message { mti: message.mti, ..unborrowed(&message) };
        self.sent.push_back((to, message, about));
    }
}

fn unborrowed(it: &Message<'_>) -> Message<'static> {
    Message {
        mti: it.mti,
        pan: it.pan,
        processing: it.processing,
        amount: it.amount,
        transmitted: it.transmitted,
        stan: it.stan,
        local_time: it.local_time,
        local_date: it.local_date,
        business_date: it.business_date,
        acquirer: it.acquirer,
        forwarder: it.forwarder,
        rrn: it.rrn,
        authorization: it.authorization,
        code: it.code,
        terminal: it.terminal,
        currency: it.currency,
        original: it.original,
        replacement: it.replacement,
        fee: it.fee,
        issued: it.issued,
        network: it.network,
        file_update: it.file_update,
        file_name: it.file_name,
        receiver: it.receiver,
        from_account: it.from_account,
        to_account: it.to_account,
        ..Message::default()
    }
}

/// A switch with two banks, an ATM and a clock in the hand of the test. When it is dropped, what it kept is replayed and must
/// give the same state.
pub(crate) struct World {
    rules: Rules,
    engine: Engine,
    shell: Shell,
    pub(crate) escrow: bool,
    /// What who knows cards says against every card.
    pub(crate) card_refused_with: Option<ResponseCode>,
    stan: u32,
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let replayed = self.replayed();
            let (mut one, mut other) = (Vec::new(), Vec::new());
            replayed.snapshot(&mut one);
            self.engine.state().snapshot(&mut other);
            assert_eq!(one, other, "replaying what was kept gives another snapshot");
            let restored = State::restore(&one).unwrap();
            let mut again = Vec::new();
            restored.snapshot(&mut again);
            assert_eq!(one, again, "a snapshot does not survive");
            assert_eq!(restored.open_legs().collect::<Vec<_>>(), replayed.open_legs().collect::<Vec<_>>());
            self.assert_positions_sum_to_zero();
            assert_eq!(restored.holding(), replayed.holding(), "holds in force");
            for bank in [ACLEDA, CANADIA] {
                assert_eq!(restored.in_flight(bank), replayed.in_flight(bank), "numbers taken at {bank}");
                assert_eq!(restored.forward_depth_of(bank), replayed.forward_depth_of(bank), "owed to {bank}");
                assert_eq!(restored.payroll().on_their_way(bank), replayed.payroll().on_their_way(bank), "items at {bank}");
            }
            for batch in replayed.batches() {
                let other = restored.batch(batch.id()).unwrap();
                assert_eq!(other.waiting().collect::<Vec<_>>(), batch.waiting().collect::<Vec<_>>(), "what waits");
                assert_eq!(restored.batch_state(batch.id()), replayed.batch_state(batch.id()));
                for it in replayed.items(batch.id()) {
                    assert_eq!(restored.item(it.id), Some(it));
                    assert_eq!(restored.payee(&it.item.identity), replayed.payee(&it.item.identity), "who is paid by what");
                    assert!(replayed.payee(&it.item.identity).is_some(), "an item's salary is claimed");
                }
                let header = batch.header();
                assert_eq!(restored.seen(&header.message_key, &header.file_key), Some(batch.id()));
            }
            assert_eq!(
                restored.payroll().active().map(crate::Batch::id).collect::<Vec<_>>(),
                replayed.payroll().active().map(crate::Batch::id).collect::<Vec<_>>()
            );
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With rules that differ from the usual ones.
    pub(crate) fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = rules();
        change(&mut rules);
        let mut world = Self {
            engine: Engine::new(rules.clone(), State::default(), 42),
            rules,
            shell: Shell { now: NOON, ..Shell::default() },
            escrow: false,
            card_refused_with: None,
            stan: 0,
        };
        world.input(Input::Recovered);
        for bank in [ACLEDA, CANADIA, SMART] {
            world.input(Input::Bank(bank, BankEvent::Up));
        }
        world
    }

    /// What each participant is owed on the open day, in riel's minor units; clearing is number 0.
    pub(crate) fn positions(&self) -> Vec<(u64, i64)> {
        let today = self.state().date();
        let of_today = self.state().positions().filter(|(date, currency, _, _)| (*date, *currency) == (today, khr()));
        let number = |who| if let Participant::Institution(number) = who { number } else { 0 };
        of_today.map(|(_, _, who, net)| (number(who), net)).collect()
    }

    fn assert_positions_sum_to_zero(&self) {
        let mut sums = std::collections::BTreeMap::new();
        for (date, currency, _, net) in self.state().positions() {
            *sums.entry((date, currency.numeric())).or_insert(0) += net;
        }
        assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    }

    pub(crate) fn order(&mut self, command: Command) -> Result<(), Disallowed> {
        self.order_as("sovann", "for a test", command)
    }

    pub(crate) fn order_as(&mut self, operator: &str, reason: &str, command: Command) -> Result<(), Disallowed> {
        self.engine.command(self.shell.now, operator, reason, command, &mut self.shell)
    }

    /// The one message that was sent to a bank since the last look.
    pub(crate) fn leg_at(&mut self, bank: BankId) -> Message<'static> {
        let sent = self.at_bank(bank);
        let [leg] = sent[..] else { panic!("not one message to {bank}: {sent:?}") };
        leg
    }

    pub(crate) fn deadline(&self) -> Timestamp {
        self.engine.deadline()
    }

    pub(crate) fn state(&self) -> &State {
        self.engine.state()
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.engine.handle(self.shell.now, input, &mut self.shell);
    }

    fn kept(&self) -> Vec<u8> {
        self.shell.block.clone().finish(self.engine.state().digest())
    }

    fn replayed(&self) -> State {
        let kept = self.kept();
        let mut state = State::default();
        for entry in Block::read(&kept).unwrap().entries() {
            let entry = entry.unwrap();
            state.apply(entry.at, &entry.record);
        }
        assert_eq!(state.digest(), self.engine.state().digest(), "replaying what was kept gives another state");
        state
    }

    /// The process dies and starts again: what was kept is all that is left.
    pub(crate) fn crash(&mut self) {
        let state = self.replayed();
        self.engine = Engine::new(self.rules.clone(), state, 42);
        self.shell.sent.clear();
        self.input(Input::Recovered);
        // Nobody is there to be told, whatever is decided.
        self.shell.sent.clear();
    }

    pub(crate) fn bank_up(&mut self, bank: BankId) {
        self.input(Input::Bank(bank, BankEvent::Up));
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.shell.now + time;
        while self.engine.deadline() <= until {
            self.shell.now = self.shell.now.max(self.engine.deadline());
            self.input(Input::Tick);
        }
        self.shell.now = until;
        self.input(Input::Tick);
    }

    /// A request as an ATM makes it: new trace number, now.
    pub(crate) fn ask(&mut self, kind: Kind, amount: u64) -> Message<'static> {
        self.stan += 1;
        let now = self.shell.now;
        let local = UtcOffset::from_minutes(420).unwrap();
        Message {
            pan: card("911601000000001"),
            processing: Some(ProcessingCode::of(kind)),
            amount: Some(amount),
            transmitted: Some(TransmissionTime::of(now)),
            stan: Stan::new(self.stan),
            local_time: Some(local.local_time(now)),
            local_date: Some(local.local_date(now)),
            rrn: Rrn::new(format!("{:012}", self.stan).as_bytes()),
            terminal: TerminalId::new(b"ATM00001"),
            currency: Some(khr()),
            ..Message::new(Mti::FINANCIAL_REQUEST)
        }
    }

    pub(crate) fn salary(&mut self, amount: u64) -> Message<'static> {
        let card = self.ask(Kind::Salary, amount);
        Message { pan: None, receiver: InstitutionId::new(116_001), to_account: Text::new(b"100000000001"), ..card }
    }

    /// The reversal of `original`, with a trace number of its own.
    pub(crate) fn reversal(&mut self, mti: Mti, original: &Message<'static>) -> Message<'static> {
        let fresh = self.ask(Kind::Withdrawal, 0);
        let named = OriginalData {
            mti: original.mti,
            stan: original.stan.unwrap(),
            transmitted: original.transmitted,
            local: original.local_date.zip(original.local_time),
            acquirer: None,
            forwarder: None,
        };
        Message { mti, stan: fresh.stan, transmitted: fresh.transmitted, rrn: original.rrn, original: Some(named), ..*original }
    }

    pub(crate) fn send(&mut self, message: &Message<'_>) {
        self.send_on(ATM, message);
    }

    pub(crate) fn send_on(&mut self, link: LinkId, message: &Message<'_>) {
        let acquirer = Acquirer { institution: InstitutionId::new(116_900).unwrap(), escrow: self.escrow };
        let card = self.card_refused_with;
        self.input(Input::Request { link, acquirer, message, card });
    }

    /// What was sent to a bank since the last look.
    pub(crate) fn at_bank(&mut self, bank: BankId) -> Vec<Message<'static>> {
        self.taken(Peer::Bank(bank)).into_iter().map(|(message, _)| message).collect()
    }

    /// The codes that were told on a link since the last look.
    pub(crate) fn told_on(&mut self, link: LinkId) -> Vec<ResponseCode> {
        self.taken(Peer::Link(link)).into_iter().filter_map(|(message, _)| message.code).collect()
    }

    pub(crate) fn told(&mut self) -> Vec<ResponseCode> {
        self.told_on(ATM)
    }

    pub(crate) fn taken(&mut self, peer: Peer) -> Vec<(Message<'static>, About)> {
        let (mine, others) = self.shell.sent.drain(..).partition(|(to, _, _)| *to == peer);
        self.shell.sent = others;
        let mine: VecDeque<_> = mine;
        mine.into_iter().map(|(_, message, about)| (message, about)).collect()
    }

    pub(crate) fn bank_says(&mut self, bank: BankId, to: &Message<'static>, code: ResponseCode) {
        let reply = Message {
            mti: to.mti.response(),
            code: Some(code),
            authorization: Text::new(b"A00001").filter(|_| code.approves()),
            ..*to
        };
        self.input(Input::Reply { bank, message: &reply, sound: true });
    }

    pub(crate) fn network(&mut self, bank: BankId, code: NetworkCode) {
        let message = Message { network: Some(code), stan: Stan::new(9), ..Message::new(Mti::NETWORK_REQUEST) };
        let institution = InstitutionId::new(116_001).unwrap();
        self.input(Input::Network { link: LinkId(1), bank: Some(bank), institution, message: &message, code });
    }

    /// One withdrawal, approved; the request as it was asked.
    pub(crate) fn approved(&mut self, kind: Kind) -> Message<'static> {
        let request = self.ask(kind, 5_000_000);
        self.send(&request);
        let leg = self.at_bank(ACLEDA).pop().unwrap();
        self.bank_says(ACLEDA, &leg, ResponseCode::APPROVED);
        assert_eq!(self.told(), [ResponseCode::APPROVED]);
        request
    }

    pub(crate) fn records(&self) -> Vec<String> {
        let kept = self.kept();
        Block::read(&kept).unwrap().entries().map(|entry| entry.unwrap().record.name().to_owned()).collect()
    }
}

/// The card with these digits and the check digit that belongs to them.
pub(crate) fn card(digits: &str) -> Option<Pan> {
    (0..10).filter_map(|check| Pan::from_digits(format!("{digits}{check}").as_bytes()).ok()).find(|pan| pan.luhn_holds())
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn at_local(message: &Message<'static>, hhmmss: u32) -> Message<'static> {
    Message { local_time: LocalTime::new(hhmmss), local_date: LocalDate::new(1228), ..*message }
}

fn rules() -> Rules {
    let bank = |id: BankId, prefixes: &[&str]| BankRules {
        id,
        name: id.to_string(),
        prefixes: prefixes.iter().filter_map(|it| Prefix::parse(it)).collect(),
        kinds: Kind::ALL.to_vec(),
        currencies: vec![khr()],
        in_flight_max: 8,
        ..BankRules::default()
    };
    Rules {
        institution: InstitutionId::new(116_000).unwrap(),
        offset: UtcOffset::from_minutes(420).unwrap(),
        timers: Timers::default(),
        banks: vec![
            bank(ACLEDA, &["911601"]),
            bank(CANADIA, &["911602", "9116019"]),
            BankRules { kinds: vec![Kind::TopUp], ..bank(SMART, &[]) },
        ],
        ..Rules::default()
    }
}
