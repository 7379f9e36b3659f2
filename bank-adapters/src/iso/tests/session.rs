//! A host's side of a link without any link: bytes in, bytes out, at once.

use model::Timestamp;

use super::*;
use crate::iso::{HostSession, Next};
use crate::{Call, Ledger};

/// Asks the ledger whatever the session wants asked, and returns the answers that leave.
fn turn(session: &mut HostSession, ledger: &mut Ledger, host: &IsoHost, bytes: &[u8]) -> Vec<String> {
    session.received(bytes);
    while let Next::Ask(request, answering) = session.next_frame() {
        let cx = Call::new(request.reference(), Timestamp::default(), host.clock.clone());
        let outcome = ledger.call(request, cx);
        session.answer(&answering, outcome);
    }
    let mut left = session.take_output();
    let mut codes = Vec::new();
    while let Cut::Frame { body, consumed } = Framing::TWO_BYTE.cut(&left, 4096).unwrap() {
        let frame = left.split_to(consumed);
        codes.push(wire::read(&host.dialect, &frame[body]).unwrap().code.unwrap().to_string());
    }
    codes
}

#[test]
fn a_session_in_memory_answers_like_a_bank_behind_a_socket() {
    let cast = Cast::builtin();
    let host = host("iso87-ascii");
    let mut ledger = Ledger::in_memory(cast.bank("acleda").unwrap(), &cast).unwrap();
    let mut session = HostSession::new(host.clone(), ledger.capabilities());
    let account = cast.card("dara").unwrap().account(Currency::from_alpha("USD").unwrap()).unwrap().number.to_string();
    let before = ledger.balance(&account).unwrap();
    let peer = Peer::over((), &host);

    let frame = peer.frame(&purchase("dara", 1500, 1));
    assert_eq!(turn(&mut session, &mut ledger, &host, &frame[..7]), [""; 0], "half a frame");
    assert_eq!(turn(&mut session, &mut ledger, &host, &frame[7..]), ["00"]);
    assert_eq!(turn(&mut session, &mut ledger, &host, &peer.frame(&purchase("dara", 1500, 1))), ["00"], "the stored answer");
    assert_eq!(ledger.balance(&account), Some(before - 1500));

    let mute = purchase("mute", 1500, 2);
    assert_eq!(turn(&mut session, &mut ledger, &host, &peer.frame(&mute)), [""; 0], "booked, and no answer comes");
    assert_eq!(turn(&mut session, &mut ledger, &host, &peer.frame(&reversal_of(&mute, 3))), ["00"]);
}
