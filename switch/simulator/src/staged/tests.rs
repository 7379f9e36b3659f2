//! A staged world about itself: a bank and a terminal moved by hand.

use std::time::Duration;

use bytes::BytesMut;
use engine::{Acquirer, BankId, BankRules};
use model::{InstitutionId, Kind, Message, Mti, NetworkCode, ResponseCode, Stan, TransmissionTime, UtcOffset};
use shard::{BankLink, Side};
use wire::{Cut, Dialect, Framing};

use super::*;

const NOON: Timestamp = Timestamp::from_micros(1_672_203_600_000_000);
const ACLEDA: BankId = BankId(116_001);

struct Scene {
    staged: Staged,
    bank: LineId,
    atm: LineId,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let bank = BankRules { id: ACLEDA, name: "acleda".into(), kinds: Kind::ALL.to_vec(), ..BankRules::default() };
        let rules = Rules {
            institution: InstitutionId::new(116_000).unwrap(),
            offset: UtcOffset::from_minutes(420).unwrap(),
            banks: vec![bank],
            ..Rules::default()
        };
        let mut staged = Staged::new(StagePlan { rules, limits: Limits::default(), start: NOON, seed, watch: None });
        let bank = staged.line(config(Side::Bank(BankLink {
            name: "acleda".into(),
            bank: ACLEDA,
            institution: InstitutionId::new(116_001).unwrap(),
            echo_after: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
        })));
        let acquirer = Acquirer { institution: InstitutionId::new(116_900).unwrap(), escrow: false };
        let atm = staged.line(config(Side::Acquirer { name: "terminals".into(), acquirer }));
        Self { staged, bank, atm }
    }

    /// The bank connects, is asked to sign on, and does.
    fn bank_signs_on(&mut self) {
        assert_eq!(self.next().what, What::Connected);
        let asked = self.next();
        assert_eq!((asked.line, network(&asked)), (self.bank, (Mti::NETWORK_REQUEST, NetworkCode::SignOn)));
        let answer =
            framed(&|message| Message { mti: Mti::NETWORK_RESPONSE, code: Some(ResponseCode::APPROVED), ..message }, &asked);
        assert!(self.staged.send(self.bank, &answer));
        assert_eq!(self.staged.next(self.staged.now() + Duration::from_secs(1)), None);
    }

    fn next(&mut self) -> Seen {
        self.staged.next(self.staged.now() + Duration::from_secs(1)).expect("something within a second")
    }

    fn is_linked(&self) -> bool {
        self.staged.state().is_some_and(|state| state.is_linked(ACLEDA))
    }
}

fn config(side: Side) -> LinkConfig {
    LinkConfig { side, dialect: dialect(), framing: Framing::TWO_BYTE, frame_max: 4096 }
}

fn dialect() -> std::sync::Arc<Dialect> {
    Dialect::builtin("iso87-ascii").unwrap()
}

fn with<T>(seen: &Seen, look: impl FnOnce(Message<'_>) -> T) -> T {
    let What::Bytes(bytes) = &seen.what else { panic!("bytes, not {:?}", seen.what) };
    let Cut::Frame { body, consumed } = Framing::TWO_BYTE.cut(bytes, 4096).unwrap() else { panic!("a whole frame") };
    assert_eq!(consumed, bytes.len(), "one frame");
    look(wire::read(&dialect(), &bytes[body]).unwrap())
}

fn network(seen: &Seen) -> (Mti, NetworkCode) {
    with(seen, |message| (message.mti, message.network.unwrap()))
}

fn framed(make: &dyn Fn(Message<'_>) -> Message<'_>, asked: &Seen) -> BytesMut {
    with(asked, |message| frame(&make(message)))
}

fn frame(message: &Message<'_>) -> BytesMut {
    let mut bytes = BytesMut::new();
    let start = Framing::TWO_BYTE.begin(&mut bytes);
    wire::write(&dialect(), message, NOON, &mut bytes).unwrap();
    Framing::TWO_BYTE.finish(&mut bytes, start).unwrap();
    bytes
}

fn echo() -> BytesMut {
    frame(&Message {
        transmitted: Some(TransmissionTime::of(NOON)),
        stan: Stan::new(7),
        network: Some(NetworkCode::Echo),
        ..Message::new(Mti::NETWORK_REQUEST)
    })
}

#[test]
fn a_bank_moved_by_hand_is_signed_on_and_asked_for_a_sign_of_life_half_a_minute_later() {
    let mut scene = Scene::new(1);
    scene.staged.up(scene.bank);
    scene.bank_signs_on();
    assert!(scene.is_linked());

    let echo = scene.staged.next(NOON + Duration::from_secs(60)).expect("an echo");
    assert_eq!(network(&echo), (Mti::NETWORK_REQUEST, NetworkCode::Echo));
    assert!(echo.at.since(NOON) > Duration::from_secs(30) && echo.at.since(NOON) < Duration::from_secs(31), "at {}", echo.at);

    assert_eq!(scene.staged.next(echo.at + Duration::from_secs(11)).map(|seen| seen.what), Some(What::Closed), "it stays silent");
    assert!(!scene.is_linked());
}

#[test]
fn what_a_terminal_sends_is_answered_on_its_own_line() {
    let mut scene = Scene::new(1);
    assert!(!scene.staged.send(scene.atm, &echo()), "nobody is connected yet");
    scene.staged.up(scene.atm);
    assert_eq!(scene.next().what, What::Connected);

    assert!(scene.staged.send(scene.atm, &echo()) && scene.staged.is_up(scene.atm));
    assert!(!scene.staged.is_quiet(), "it is on its way");
    let answer = scene.next();

    assert_eq!((answer.line, network(&answer)), (scene.atm, (Mti::NETWORK_RESPONSE, NetworkCode::Echo)));
    assert!(scene.staged.is_quiet());
}

#[test]
fn a_line_that_is_down_is_made_again_only_when_it_is_wanted() {
    let mut scene = Scene::new(1);
    scene.staged.up(scene.bank);
    scene.bank_signs_on();

    scene.staged.down(scene.bank);
    assert_eq!(scene.next().what, What::Closed);
    assert_eq!(scene.staged.next(NOON + Duration::from_secs(3600)), None, "nothing happens for an hour");
    assert!(!scene.is_linked());

    scene.staged.up(scene.bank);
    scene.bank_signs_on();
    assert!(scene.is_linked());

    scene.staged.cut(scene.bank);
    assert_eq!(scene.next().what, What::Closed);
    scene.bank_signs_on();
}

#[test]
fn an_order_that_was_taken_outlives_a_crash_and_the_bank_connects_again() {
    let mut scene = Scene::new(1);
    scene.staged.up(scene.bank);
    scene.bank_signs_on();

    scene.staged.command("sovann", "maintenance", Command::SignOff(ACLEDA)).unwrap();
    scene.staged.crash(Duration::from_secs(5));
    assert!(scene.staged.state().is_none());
    assert_eq!(scene.staged.command("sovann", "", Command::Cutover), Err(Refused::NotNow));
    let died = scene.staged.now();

    assert_eq!(scene.next().what, What::Closed);
    let back = scene.staged.next(died + Duration::from_secs(10)).expect("a connection");
    assert_eq!(back.what, What::Connected);
    assert!(back.at.since(died) >= Duration::from_secs(5) && back.at.since(died) < Duration::from_secs(6));
    assert!(scene.staged.state().is_some_and(|state| state.is_signed_off(ACLEDA)));
    assert_eq!(scene.staged.examine(), []);
}

#[test]
fn the_same_seed_and_the_same_hand_make_the_same_world() {
    let play = |seed| {
        let mut scene = Scene::new(seed);
        scene.staged.up(scene.bank);
        scene.bank_signs_on();
        scene.staged.command("sovann", "", Command::Cutover).unwrap();
        let told = scene.next();
        (scene.staged.digest(), told)
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7).0, play(8).0);
}
