//! A journal that was written once and must be read alike for ever: `fixtures/golden.journal`, one block, every record.
//!
//! A change that turns this red changes the meaning of journals that exist. Give the new meaning a new record instead. For a new
//! record: add it to `every_record`, and write the file again with `PAYSWITCH_WRITE_GOLDEN=1`; its old part must stay as it is.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::{
    Answer, Asked, BatchHeader, BatchId, DropReason, HoldEnd, Identity, ItemId, ItemOutcome, LegId, LossReason, Named, OnTimeout,
    Part, Participant, PayeeIdentity, PayrollItem, Purpose, ReversalReason, StandInReason, Used,
};
use model::{HalfMonth, TransactionId};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden.journal")
}

fn asked(mti: Mti, kind: Kind, stan: u32) -> Asked {
    Asked {
        link: ATM,
        mti,
        pan: card("911601000000001"),
        processing: ProcessingCode::of(kind),
        amount: 5_000_000,
        currency: khr(),
        transmitted: TransmissionTime::new(1_228_050_000).unwrap(),
        stan: Stan::new(stan).unwrap(),
        local_time: LocalTime::new(120_000).unwrap(),
        local_date: LocalDate::new(1228).unwrap(),
        merchant_type: Some(6011),
        entry_mode: Some(51),
        condition: Some(0),
        acquirer: InstitutionId::from_parts(116_900, 8).unwrap(),
        rrn: Rrn::new(b"000000000042").unwrap(),
        terminal: TerminalId::new(b"ATM00001").unwrap(),
        merchant: Text::new(b"PHNOM PENH"),
        stands: 0,
        receiver: InstitutionId::new(116_001),
        from_account: Text::new(b"001000001116"),
        to_account: Text::new(b"001000002116"),
    }
}

/// One of each, in an order that could have happened.
fn every_record() -> Vec<Record<'static>> {
    let id = TransactionId;
    let leg = |transaction| LegId { transaction: id(transaction), index: 0 };
    let identity = |stan| Identity { stan: Stan::new(stan).unwrap(), transmitted: TransmissionTime::new(1_228_050_001).unwrap() };
    let issued = card("911611000000001");
    let answer = |code| Answer { code, authorization: Text::new(b"A00001"), amount: Some(4_000_000), issued };
    let date = UtcOffset::from_minutes(420).unwrap().date(NOON);
    let (bank, acquirer) = (Participant::Institution(116_001), Participant::Institution(116_900));
    let started = |transaction, stan, on_timeout| Record::LegStarted {
        leg: leg(transaction),
        bank: ACLEDA,
        identity: identity(stan),
        due: NOON + seconds(25),
        on_timeout,
        fee: 180_000,
        interchange: 50_000,
        used: Some(Used { class: 0, amount: 122_000 }),
    };
    vec![
        Record::Created { seed: 42 },
        Record::Adopted { rules: "the rules in one line" },
        Record::DayOpened { date: date.previous() },
        Record::DayOpened { date },
        Record::DayClosed { date: date.previous() },
        Record::BankLinked { bank: ACLEDA, up: true },
        Record::BankSigned { bank: ACLEDA, on: true },
        Record::NetworkAnswered { link: ATM, institution: 116_900, code: 1, answer: ResponseCode::APPROVED },
        Record::Accepted { transaction: id(1), asked: asked(Mti::FINANCIAL_REQUEST, Kind::Withdrawal, 1) },
        started(1, 1, OnTimeout::Reverse),
        Record::Joined { transaction: id(1), link: LinkId(8), transmitted: TransmissionTime::new(1_228_050_002).unwrap() },
        Record::LegAnswered { leg: leg(1), answer: answer(ResponseCode::PARTIALLY_APPROVED) },
        Record::Posted { leg: leg(1), part: Part::Principal, date, currency: khr(), from: bank, to: acquirer, amount: 4_000_000 },
        Record::Answered { transaction: id(1), answer: answer(ResponseCode::PARTIALLY_APPROVED) },
        Record::AnswerUndelivered { transaction: id(1) },
        Record::Repeated { transaction: id(1), link: LinkId(9) },
        Record::ReversalStarted { leg: leg(1), reason: ReversalReason::Undelivered, identity: identity(2), stands: 7 },
        Record::PostedBack {
            leg: leg(1),
            part: Part::Principal,
            date,
            currency: khr(),
            from: bank,
            to: acquirer,
            amount: 3_999_993,
        },
        Record::ForwardTried { leg: leg(1), sent: true, due: NOON + seconds(1) },
        Record::ForwardEnded { leg: leg(1), code: Some(ResponseCode::NO_ACTION), dead: false },
        Record::Refused {
            transaction: id(2),
            asked: asked(Mti::FINANCIAL_REQUEST, Kind::Purchase, 2),
            code: ResponseCode::NO_ROUTE,
        },
        Record::Accepted { transaction: id(3), asked: asked(Mti::FINANCIAL_REPEAT, Kind::Salary, 3) },
        started(3, 3, OnTimeout::Repeat),
        Record::LegLost { leg: leg(3), reason: LossReason::Timeout },
        Record::RepeatStarted { leg: leg(3) },
        Record::UndoNoted { leg: leg(3), stands: 0 },
        Record::LateReply { bank: ACLEDA, stan: Stan::new(9), code: Some(ResponseCode::APPROVED), leg: Some(leg(3)) },
        Record::ReversalAnswered {
            transaction: id(4),
            asked: asked(Mti::REVERSAL_ADVICE, Kind::Withdrawal, 4),
            original: None,
            awaited: Some(Named {
                mti: Mti::FINANCIAL_REQUEST,
                stan: Stan::new(77).unwrap(),
                transmitted: TransmissionTime::new(1_228_050_001).unwrap(),
            }),
            code: ResponseCode::APPROVED,
        },
        Record::Accepted { transaction: id(5), asked: asked(Mti::AUTHORIZATION_REQUEST, Kind::Purchase, 5) },
        started(5, 5, OnTimeout::Advise),
        Record::AdviceOwed { leg: leg(5) },
        Record::StoodIn { leg: leg(5), reason: StandInReason::Down, counted: 122_000 },
        Record::HoldPlaced { leg: leg(5), amount: 5_000_000, expires: NOON + seconds(7 * 24 * 3600) },
        Record::AdviceAccepted {
            transaction: id(6),
            asked: asked(Mti::FINANCIAL_ADVICE, Kind::Purchase, 6),
            original: Some(id(5)),
        },
        Record::HoldEnded { leg: leg(5), how: HoldEnd::Completed },
        Record::ForwardEnded { leg: leg(5), code: None, dead: true },
        Record::DeadRetried { leg: leg(5), operator: "sovann", reason: "the bank is back" },
        Record::ForwardEnded { leg: leg(5), code: Some(ResponseCode::DO_NOT_HONOUR), dead: true },
        Record::DeadDiscarded { leg: leg(5), operator: "sovann", reason: "settled by letter" },
        Record::ReversalOverruled { transaction: id(3) },
        Record::CardListed {
            pan: card("911601000000001").unwrap(),
            code: Some(ResponseCode::LOST_CARD),
            by: "bank 116001",
            reason: "file update",
        },
        Record::Operated { operator: "sovann", order: "cutover", reason: "" },
        Record::CardReplaced {
            pan: card("911601000000002").unwrap(),
            by_card: card("911601000000003").unwrap(),
            code: ResponseCode::STOLEN_CARD,
            by_bank: false,
            by: "sovann",
            reason: "stolen in a taxi",
        },
    ]
    .into_iter()
    .chain(payroll())
    .collect()
}

/// A batch from its beginning to its end, with all that can befall it.
fn payroll() -> Vec<Record<'static>> {
    let (batch, dropped) = (BatchId(1), BatchId(2));
    let (operator, reason) = ("sovann", "the first half of December");
    let account = |digits: &[u8]| Text::new(digits).unwrap();
    let header = BatchHeader {
        payer: Text::new(b"MEF").unwrap(),
        message: Text::new(b"MEF-2022-12-1").unwrap(),
        message_key: [1; 16],
        file_key: [2; 16],
        period: HalfMonth::parse("2022-12/2").unwrap(),
        pays_on: UtcOffset::from_minutes(420).unwrap().date(NOON),
        currency: khr(),
        count: 3,
        total: 344,
        acquirer: InstitutionId::new(116_900).unwrap(),
        funding_bank: ACLEDA,
        funding_account: account(b"001900000116"),
    };
    let taken = |batch, number, amount| Record::ItemTaken {
        item: ItemId { batch, number },
        attempt: 0,
        asked: PayrollItem {
            identity: PayeeIdentity([u8::try_from(amount).unwrap(); 16]),
            bank: CANADIA,
            account: account(b"200000000001"),
            amount,
        },
    };
    let item = |number| ItemId { batch, number };
    let begins = |purpose: Purpose, bank, stan| {
        let asked = Asked { rrn: purpose.rrn(), pan: None, ..asked(Mti::FINANCIAL_REQUEST, Kind::Salary, stan) };
        let leg = purpose.leg();
        let started = Record::LegStarted {
            leg,
            bank,
            identity: Identity { stan: Stan::new(stan).unwrap(), transmitted: TransmissionTime::new(1_228_050_001).unwrap() },
            due: NOON + seconds(25),
            on_timeout: OnTimeout::Repeat,
            fee: 0,
            interchange: 0,
            used: None,
        };
        [Record::Accepted { transaction: purpose.transaction(), asked }, started]
    };
    let answered = |purpose: Purpose, code| Record::LegAnswered { leg: purpose.leg(), answer: Answer::of(code) };
    let refused = ResponseCode::DO_NOT_HONOUR;
    let until = NOON + seconds(2);
    let mut all = vec![
        Record::BatchOpened { batch, header, operator, reason },
        taken(batch, 1, 100),
        taken(batch, 2, 200),
        taken(batch, 3, 44),
        Record::BatchOpened { batch: dropped, header: BatchHeader { message_key: [3; 16], ..header }, operator, reason },
        taken(dropped, 1, 250),
        Record::BatchDropped { batch: dropped, why: DropReason::Duplicate },
        Record::PayrollForgotten { before: HalfMonth::parse("2022-11/1").unwrap() },
    ];
    all.extend([
        Record::BatchSubmitted { batch, operator, reason },
        Record::BatchApproved { batch, submitted: operator, operator: "dara", reason },
    ]);
    all.extend(begins(Purpose::Funding(batch, 1), ACLEDA, 11));
    all.push(Record::BatchUnfunded { batch, code: ResponseCode::NOT_SUFFICIENT_FUNDS });
    all.extend([
        answered(Purpose::Funding(batch, 1), ResponseCode::APPROVED),
        Record::Answered { transaction: Purpose::Funding(batch, 1).transaction(), answer: Answer::of(ResponseCode::APPROVED) },
        Record::PartFunded { batch, number: 1, amount: 344 },
        Record::BatchFunded { batch },
        Record::BatchBegun { batch },
    ]);
    all.extend(begins(Purpose::Item(item(1)), CANADIA, 12));
    all.push(Record::ItemPutBack { item: item(1), until });
    all.extend([answered(Purpose::Item(item(1)), ResponseCode::APPROVED)]);
    all.push(Record::ItemEnded { item: item(1), outcome: ItemOutcome::Paid { short: 7 } });
    all.extend(begins(Purpose::Item(item(2)), CANADIA, 13));
    all.extend([
        Record::ForwardEnded { leg: Purpose::Item(item(2)).leg(), code: None, dead: true },
        Record::ItemSettled { item: item(2), paid: false, operator, reason: "their letter of the 30th" },
        Record::ItemEnded { item: item(2), outcome: ItemOutcome::Rejected(refused) },
        Record::BatchCancelled { batch, operator, reason: "the file was wrong" },
        Record::RecallStarted { item: item(1), number: 1, amount: 50, why: *b"MD07", operator, reason },
        Record::RecallRefused { item: item(1), number: 1, code: refused },
        Record::RecallStarted { item: item(1), number: 2, amount: 50, why: *b"MD07", operator, reason },
        Record::ItemReturned { item: item(1), number: 2, amount: 40, why: *b"MD07" },
        Record::CreditBackStarted { batch, number: 1, amount: 291 },
        Record::CreditBackRefused { batch, number: 1, code: Some(refused), until },
        Record::CreditBackRetried { batch, operator, reason: "the account is open again" },
        Record::CreditBackStarted { batch, number: 2, amount: 291 },
        Record::CreditedBack { batch, number: 2, amount: 291 },
    ]);
    all
}

fn written() -> Vec<u8> {
    let (mut block, mut state) = (BlockWriter::default(), State::default());
    for (place, record) in (0..).zip(every_record()) {
        let at = NOON + Duration::from_micros(place);
        block.append(at, &record);
        state.apply(at, &record);
    }
    block.finish(state.digest())
}

#[test]
fn a_journal_of_the_first_version_is_read_as_it_was_meant() {
    if std::env::var_os("PAYSWITCH_WRITE_GOLDEN").is_some() {
        std::fs::write(path(), written()).unwrap();
    }
    let golden = std::fs::read(path()).unwrap();
    let block = Block::read(&golden).unwrap();
    let entries: Vec<_> = block.entries().map(Result::unwrap).collect();
    let records: Vec<_> = entries.iter().map(|entry| entry.record).collect();
    assert_eq!(records, every_record());
    let mut state = State::default();
    entries.iter().for_each(|entry| state.apply(entry.at, &entry.record));
    assert_eq!(state.digest(), block.digest(), "the same records lead elsewhere than they did");
    assert_eq!(written(), golden, "the same records have other bytes than they had");
}

#[test]
fn the_golden_journal_has_one_of_each() {
    let there: BTreeSet<_> = every_record().iter().map(Record::name).collect();
    assert_eq!(there, Record::NAMES.iter().copied().collect());
}
