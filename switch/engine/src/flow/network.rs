//! Network management (0800): who signs on and off. Echoes need no record and are answered before they come here.

use model::{InstitutionId, Message, NetworkCode, ResponseCode};

use super::Turn;
use super::answer::refusal;
use crate::out::{About, Out, Peer};
use crate::record::Record;
use crate::sabotage;
use crate::{BankId, LinkId};

/// Answers a sign-on or sign-off; a bank that signs off is asked nothing more until it signs on.
pub(super) fn answer<O: Out>(
    turn: &mut Turn<'_, O>,
    link: LinkId,
    bank: Option<BankId>,
    institution: InstitutionId,
    message: &Message<'_>,
    code: NetworkCode,
) {
    let (on, answer) = match code {
        NetworkCode::SignOn | NetworkCode::SignOff if sabotage::is(sabotage::Fault::SignOnRefused) => {
            (None, ResponseCode::NOT_SUPPORTED)
        }
        NetworkCode::SignOn => (Some(true), ResponseCode::APPROVED),
        NetworkCode::SignOff => (Some(false), ResponseCode::APPROVED),
        NetworkCode::Echo => (None, ResponseCode::APPROVED),
        NetworkCode::KeyChange | NetworkCode::Cutover | NetworkCode::Other(_) => (None, ResponseCode::NOT_SUPPORTED),
    };
    match (bank, on) {
        (Some(bank), Some(on)) => turn.record(&Record::BankSigned { bank, on }),
        _ => turn.record(&Record::NetworkAnswered { link, institution: institution.number(), code: code.number(), answer }),
    }
    turn.send(Peer::Link(link), &refusal(message, answer), About::Nothing);
}
