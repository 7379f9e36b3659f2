//! Network management (0800): who signs on and off. Echoes need no record and are answered before they come here.

use model::{InstitutionId, Message, NetworkCode, ResponseCode};

use super::Turn;
use super::answer::refusal;
use crate::LinkId;
use crate::out::{About, Out, Peer};
use crate::record::Record;

/// Answers a sign-on or sign-off; a bank that signs off is asked nothing more until it signs on.
pub(super) fn answer<O: Out>(
    turn: &mut Turn<'_, O>,
    peer: Peer,
    institution: InstitutionId,
    message: &Message<'_>,
    code: NetworkCode,
) {
    let (on, answer) = match code {
        NetworkCode::SignOn => (Some(true), ResponseCode::APPROVED),
        NetworkCode::SignOff => (Some(false), ResponseCode::APPROVED),
        NetworkCode::Echo => (None, ResponseCode::APPROVED),
        NetworkCode::KeyChange | NetworkCode::Cutover | NetworkCode::Other(_) => (None, ResponseCode::NOT_SUPPORTED),
    };
    match (peer, on) {
        (Peer::Bank(bank), Some(on)) => turn.record(&Record::BankSigned { bank, on }),
        (Peer::Link(link), _) => turn.record(&Record::network(link, institution.number(), code, answer)),
        (Peer::Bank(_), None) => turn.record(&Record::network(LinkId(0), institution.number(), code, answer)),
    }
    turn.send(peer, &refusal(message, answer), About::Nothing);
}
