//! Hot cards: those that their bank or an operator wants refused. Effective on the next transaction.

use model::{Message, Pan, ResponseCode};

use super::Turn;
use super::answer::refusal;
use crate::out::{About, Out, Peer};
use crate::record::Record;
use crate::rules::route;
use crate::{BankId, LinkId, sabotage};

/// The lists of hot cards, by the name that a file update gives them (DE101, ours), and the code with which a card listed there is
/// refused.
pub const HOT_CARD_LISTS: [(&str, ResponseCode); 3] =
    [("LOST", ResponseCode::LOST_CARD), ("STOLEN", ResponseCode::STOLEN_CARD), ("BLOCKED", ResponseCode::RESTRICTED_CARD)];

/// DE91: a card is put on a list, another stands for it (its number in DE34, ours), or it is taken off.
const ADD: u8 = b'1';
const CHANGE: u8 = b'2';
const DELETE: u8 = b'3';

/// A bank's 0302 about a card of its own.
pub(super) fn update<O: Out>(turn: &mut Turn<'_, O>, link: LinkId, bank: BankId, message: &Message<'_>) {
    let code = match listed(turn, bank, message) {
        Ok(()) => ResponseCode::APPROVED,
        Err(code) => code,
    };
    let answer = Message { file_update: message.file_update, file_name: message.file_name, ..refusal(message, code) };
    turn.send(Peer::Link(link), &answer, About::Nothing);
}

fn listed<O: Out>(turn: &mut Turn<'_, O>, bank: BankId, message: &Message<'_>) -> Result<(), ResponseCode> {
    let pan = message.pan.ok_or(ResponseCode::FORMAT_ERROR)?;
    let name = message.file_name.ok_or(ResponseCode::FORMAT_ERROR)?;
    let (_, code) =
        HOT_CARD_LISTS.iter().find(|(list, _)| list.as_bytes() == name.trimmed()).ok_or(ResponseCode::NOT_SUPPORTED)?;
    let of_another = route::of_card(turn.rules(), pan).is_none_or(|owner| owner.id != bank);
    if of_another && !sabotage::is(sabotage::Fault::OthersCardListed) {
        return Err(ResponseCode::UNKNOWN_CARD);
    }
    if sabotage::is(sabotage::Fault::FileUpdateForgotten) {
        return Ok(());
    }
    let by = format!("bank {bank}");
    let code = match message.file_update {
        Some(CHANGE) => {
            let new = message.issued.ok_or(ResponseCode::FORMAT_ERROR)?;
            if !new.luhn_holds() || !may_stand_for(turn, pan, new) {
                return Err(ResponseCode::UNKNOWN_CARD);
            }
            turn.record(&Record::CardReplaced { pan, by_card: new, code: *code, by_bank: true, by: &by, reason: "file update" });
            return Ok(());
        }
        Some(ADD) => Some(*code),
        Some(DELETE) => None,
        _ => return Err(ResponseCode::NOT_SUPPORTED),
    };
    if turn.state().hot_card(pan) == code {
        return Ok(());
    }
    turn.record(&Record::CardListed { pan, code, by: &by, reason: "file update" });
    Ok(())
}

/// Whether one card can stand for another: a different one of the same bank, that is not refused itself.
pub(super) fn may_stand_for<O: Out>(turn: &Turn<'_, O>, old: Pan, new: Pan) -> bool {
    let bank = |pan| route::of_card(turn.rules(), pan).map(|bank| bank.id);
    old != new && bank(old).is_some() && bank(old) == bank(new) && turn.state().hot_card(new).is_none()
}
