//! The switch, driven by bytes.

mod framings;
mod payroll;

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use engine::{Acquirer, BankId, BankRules, Block, Engine, LinkId, Prefix, Rules, State, Timers};
use model::{
    Currency, InstitutionId, Kind, LocalDate, LocalTime, Message, Mti, NetworkCode, Pan, ProcessingCode, ResponseCode, Rrn, Stan,
    TerminalId, Timestamp, TransmissionTime, UtcOffset,
};
use wire::{Cut, Dialect, Framing};

use crate::{BankLink, CloseReason, Limits, LinkConfig, Shard, Side, Unwatched};

const NOON: Timestamp = Timestamp::from_micros(1_672_203_600_000_000);
const ACLEDA: BankId = BankId(116_001);

/// A switch with one bank, signed on, and one ATM.
struct World {
    shard: Shard<Unwatched>,
    now: Timestamp,
    atm: LinkId,
    bank: LinkId,
    dialect: Arc<Dialect>,
    stan: u32,
}

impl World {
    fn new() -> Self {
        let dialect = Dialect::builtin("iso87-ascii").unwrap();
        let shard = Shard::start(NOON, Engine::new(rules(), State::default(), 1), 10, Limits::default(), Unwatched);
        let mut world = Self { shard, now: NOON, atm: LinkId(0), bank: LinkId(0), dialect, stan: 0 };
        world.atm = world.open(Side::Acquirer {
            name: "terminals".into(),
            acquirer: Acquirer { institution: InstitutionId::new(116_900).unwrap(), escrow: false },
        });
        world.bank = world.open_bank();
        let [sign_on] = world.left(world.bank)[..] else { panic!("a sign-on") };
        assert_eq!(sign_on.network, Some(NetworkCode::SignOn));
        world.answer(&sign_on, ResponseCode::APPROVED);
        world.write();
        world
    }

    fn open_bank(&mut self) -> LinkId {
        self.open(Side::Bank(BankLink {
            name: "acleda".into(),
            bank: ACLEDA,
            institution: InstitutionId::new(116_001).unwrap(),
            echo_after: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
        }))
    }

    fn open(&mut self, side: Side) -> LinkId {
        let config = LinkConfig { side, dialect: self.dialect.clone(), framing: Framing::TWO_BYTE, frame_max: 2048 };
        self.shard.open_link(self.now, config)
    }

    fn receive(&mut self, link: LinkId, bytes: &[u8]) -> Result<(), CloseReason> {
        self.shard.received(self.now, link, &mut BytesMut::from(bytes))
    }

    fn framed(&self, message: &Message<'_>) -> BytesMut {
        let mut bytes = BytesMut::new();
        let start = Framing::TWO_BYTE.begin(&mut bytes);
        wire::write(&self.dialect, message, self.now, &mut bytes).unwrap();
        Framing::TWO_BYTE.finish(&mut bytes, start).unwrap();
        bytes
    }

    fn send(&mut self, link: LinkId, message: &Message<'_>) {
        let bytes = self.framed(message);
        self.receive(link, &bytes).unwrap();
    }

    fn answer(&mut self, request: &Message<'static>, code: ResponseCode) {
        let reply = Message { mti: request.mti.response(), code: Some(code), merchant: None, ..*request };
        self.send(self.bank, &reply);
    }

    /// What leaves now on a link; the kernel takes it all.
    fn left(&mut self, link: LinkId) -> Vec<Message<'static>> {
        let bytes = self.shard.writable(link).to_vec();
        self.shard.taken(link, bytes.len());
        let mut rest = &bytes[..];
        let mut messages = Vec::new();
        while let Ok(Cut::Frame { body, consumed }) = Framing::TWO_BYTE.cut(rest, 2048) {
            let it = wire::read(&self.dialect, &rest[body]).unwrap();
            messages.push(
                Message {
                    location: None,
                    additional: None,
                    pin_block: None,
                    balances: None,
                    chip: None,
                    private: [None; 4],
                    ..it
                }
                .kept(),
            );
            rest = &rest[consumed..];
        }
        messages
    }

    /// The journal writes what there is.
    fn write(&mut self) -> Option<u64> {
        let (number, bytes) = self.shard.take_block()?;
        assert!(Block::read(&bytes).unwrap().entries().all(|entry| entry.is_ok()));
        self.shard.durable(number);
        Some(number)
    }

    fn withdrawal(&mut self) -> Message<'static> {
        self.stan += 1;
        Message {
            pan: (0..10).find_map(|check| {
                Pan::from_digits(format!("911601000000001{check}").as_bytes()).ok().filter(|pan| pan.luhn_holds())
            }),
            processing: Some(ProcessingCode::of(Kind::Withdrawal)),
            amount: Some(5_000_000),
            transmitted: Some(TransmissionTime::of(self.now)),
            stan: Stan::new(self.stan),
            local_time: LocalTime::new(120_000),
            local_date: LocalDate::new(1228),
            rrn: Rrn::new(format!("{:012}", self.stan).as_bytes()),
            terminal: TerminalId::new(b"ATM00001"),
            currency: Currency::from_numeric(116),
            ..Message::new(Mti::FINANCIAL_REQUEST)
        }
    }

    fn codes(&mut self, link: LinkId) -> Vec<ResponseCode> {
        self.left(link).iter().filter_map(|message| message.code).collect()
    }
}

/// A message whose borrowed parts are gone can be kept.
trait Kept {
    fn kept(self) -> Message<'static>;
}

impl Kept for Message<'_> {
    fn kept(self) -> Message<'static> {
        let Message { mti, pan, processing, amount, transmitted, stan, rrn, code, terminal, acquirer, currency, .. } = self;
        let (remark, network, original) = (self.remark, self.network, self.original);
        Message {
            pan,
            processing,
            amount,
            transmitted,
            stan,
            rrn,
            code,
            terminal,
            acquirer,
            currency,
            remark,
            network,
            original,
            ..Message::new(mti)
        }
    }
}

fn rules() -> Rules {
    Rules {
        institution: InstitutionId::new(116_000).unwrap(),
        offset: UtcOffset::from_minutes(420).unwrap(),
        timers: Timers::default(),
        banks: vec![BankRules {
            id: ACLEDA,
            name: "acleda".into(),
            prefixes: vec![Prefix::parse("911601").unwrap()],
            kinds: Kind::ALL.to_vec(),
            currencies: vec![Currency::from_numeric(116).unwrap()],
            in_flight_max: 100,
            ..BankRules::default()
        }],
        ..Rules::default()
    }
}

#[test]
fn no_byte_leaves_before_the_block_that_it_rests_on() {
    let mut world = World::new();
    let (atm, bank) = (world.atm, world.bank);
    let request = world.withdrawal();
    world.send(atm, &request);
    assert_eq!(world.left(bank), []);
    let first = world.shard.take_block().unwrap().0;
    let other = world.withdrawal();
    world.send(atm, &other);
    world.shard.durable(first);
    let [leg] = world.left(bank)[..] else { panic!("the first alone: the second rests on a later block") };
    world.write();
    assert_eq!(world.left(bank).len(), 1);

    world.answer(&leg, ResponseCode::APPROVED);
    assert_eq!(world.codes(atm), []);
    world.write();
    assert_eq!(world.codes(atm), [ResponseCode::APPROVED]);

    // The stored answer rests on the record that it was given again.
    world.send(atm, &request);
    world.shard.release();
    assert_eq!(world.codes(atm), []);
    world.write();
    assert_eq!(world.codes(atm), [ResponseCode::APPROVED]);

    // A conflict leaves no record: its answer rests on a durable block and needs no other.
    world.send(atm, &Message { amount: Some(1), ..request });
    world.shard.release();
    assert_eq!((world.codes(atm), world.write()), (vec![ResponseCode::DUPLICATE], None));
}

#[test]
fn while_the_journal_stands_still_nothing_is_admitted_and_what_is_inside_waits() {
    let mut world = World::new();
    let (atm, bank) = (world.atm, world.bank);
    let request = world.withdrawal();
    world.send(atm, &request);
    world.write();
    let leg = world.left(bank).pop().unwrap();

    world.shard.set_stalled(true);
    world.answer(&leg, ResponseCode::APPROVED);
    let refused = world.withdrawal();
    world.send(atm, &refused);
    assert_eq!(world.codes(atm), [ResponseCode::MALFUNCTION]);
    assert_eq!(world.left(bank), []);

    world.shard.set_stalled(false);
    world.write();
    assert_eq!(world.codes(atm), [ResponseCode::APPROVED]);
    world.send(atm, &refused);
    world.write();
    assert_eq!(world.left(bank).len(), 1, "what was refused left no trace and may be asked again");
}

#[test]
fn an_echo_is_answered_around_the_gate_and_a_sign_on_behind_it() {
    let mut world = World::new();
    let atm = world.atm;
    let mut network = |code| {
        let transmitted = Some(TransmissionTime::of(NOON));
        world.send(atm, &Message { network: Some(code), stan: Stan::new(1), transmitted, ..Message::new(Mti::NETWORK_REQUEST) });
        let at_once = world.codes(atm).len();
        world.write();
        (at_once, world.codes(atm).len())
    };
    assert_eq!(network(NetworkCode::Echo), (1, 0));
    assert_eq!(network(NetworkCode::SignOn), (0, 1));
}

#[test]
fn a_request_that_breaks_its_profile_is_told_which_field_and_leaves_no_trace() {
    let mut world = World::new();
    let request = world.withdrawal();
    world.send(world.atm, &Message { amount: None, ..request });
    let [answer] = world.left(world.atm)[..] else { panic!("one answer") };
    assert_eq!((answer.mti, answer.code), (Mti::FINANCIAL_RESPONSE, Some(ResponseCode::FORMAT_ERROR)));
    assert_eq!((answer.stan, answer.remark.unwrap().to_string()), (request.stan, "field 4 is missing".to_owned()));
    assert!(world.shard.take_block().is_none());
}

#[test]
fn a_link_that_sends_only_garbage_is_closed_and_others_are_not_harmed() {
    let mut world = World::new();
    let stranger = world.open(Side::Acquirer {
        name: "stranger".into(),
        acquirer: Acquirer { institution: InstitutionId::new(1).unwrap(), escrow: false },
    });
    let garbage = [0, 4, b'x', b'x', b'x', b'x'];
    for _ in 1..16 {
        world.receive(stranger, &garbage).unwrap();
    }
    assert!(matches!(world.receive(stranger, &garbage), Err(CloseReason::Garbage(16, _))));
    assert!(matches!(world.receive(stranger, &[0xFF, 0xFF, 0]), Err(CloseReason::Frame(_))));
    let request = world.withdrawal();
    world.send(world.atm, &request);
    world.write();
    assert_eq!(world.left(world.bank).len(), 1);
}

#[test]
fn a_request_cut_in_pieces_is_one_request() {
    let mut world = World::new();
    let request = world.withdrawal();
    let bytes = world.framed(&request);
    let mut input = BytesMut::new();
    for byte in bytes {
        input.extend_from_slice(&[byte]);
        world.shard.received(world.now, world.atm, &mut input).unwrap();
    }
    world.write();
    assert_eq!((input.len(), world.left(world.bank).len()), (0, 1));
}

#[test]
fn a_bank_link_that_breaks_before_the_request_left_is_answered_for_at_once() {
    let mut world = World::new();
    let request = world.withdrawal();
    world.send(world.atm, &request);
    world.shard.close_link(world.now, world.bank);
    world.write();
    assert_eq!(world.codes(world.atm), [ResponseCode::BANK_UNAVAILABLE]);
    assert_eq!(world.shard.state().open_legs().count(), 0, "nothing is owed to a bank that was never asked");
}

#[test]
fn an_approval_that_finds_its_terminal_gone_is_reversed() {
    let mut world = World::new();
    let request = world.withdrawal();
    world.send(world.atm, &request);
    world.write();
    let leg = world.left(world.bank).pop().unwrap();
    world.shard.close_link(world.now, world.atm);
    world.answer(&leg, ResponseCode::APPROVED);
    world.write();
    assert_eq!(world.left(world.bank)[0].mti, Mti::REVERSAL_ADVICE);
}

#[test]
fn a_bank_that_answers_no_echo_is_closed_and_another_link_takes_over() {
    let mut world = World::new();
    let spare = world.open_bank();
    let sign_on = world.left(spare).pop().unwrap();
    let reply = Message { mti: Mti::NETWORK_RESPONSE, code: Some(ResponseCode::APPROVED), ..sign_on };
    world.send(spare, &reply);
    world.now = world.shard.deadline();
    assert_eq!(world.shard.tick(world.now), []);
    assert_eq!(world.left(world.bank)[0].network, Some(NetworkCode::Echo));
    let echo = world.left(spare).pop().unwrap();
    world.send(spare, &Message { mti: Mti::NETWORK_RESPONSE, code: Some(ResponseCode::APPROVED), ..echo });
    world.now = world.now + Duration::from_secs(10);
    assert_eq!(world.shard.tick(world.now), [(world.bank, CloseReason::Silent)]);
    world.shard.close_link(world.now, world.bank);
    let request = world.withdrawal();
    world.send(world.atm, &request);
    world.write();
    assert_eq!(world.left(spare).len(), 1);
}

#[test]
fn a_link_with_too_much_waiting_is_read_no_further() {
    let mut world = World::new();
    assert!(world.shard.may_read(world.atm));
    let echo = Message {
        network: Some(NetworkCode::Echo),
        stan: Stan::new(1),
        transmitted: Some(TransmissionTime::of(NOON)),
        ..Message::new(Mti::NETWORK_REQUEST)
    };
    let mut count = 0;
    while world.shard.may_read(world.atm) {
        world.send(world.atm, &echo);
        count += 1;
    }
    assert!(count > 1000);
    world.left(world.atm);
    assert!(world.shard.may_read(world.atm));
}

#[test]
fn echoes_that_a_leap_put_off_are_asked_again_where_it_ended_early() {
    let mut world = World::new();
    let in_half_a_minute = world.now + Duration::from_secs(30);
    world.shard.put_off_echoes(world.now + Duration::from_secs(365 * 86_400));
    assert_eq!(world.shard.echoes_due(in_half_a_minute), 0);
    world.shard.resume_echoes(world.now);
    assert_eq!(world.shard.echoes_due(in_half_a_minute), 1);
}
