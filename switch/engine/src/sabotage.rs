//! Faults planted on purpose: each must be found by some checker of the simulator, or turn a scenario red that shows the rule it
//! breaks. Without the feature `sabotage` none exists.

use model::ResponseCode;

/// A mistake that the engine could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A reversal whose original has not come leaves nothing to refuse it by.
    TombstoneForgotten,
    /// A bank's answer is matched by DE11 alone.
    MatchedByStanAlone,
    /// DE15 of what is sent to a bank is today's, whenever it was accepted.
    WrongBusinessDate,
    /// A repeat of what was undone gets the stored approval.
    ReversedApprovedAgain,
    /// A request is sent again under another name.
    RepeatedUnderNewName,
    /// What was given up is on no list.
    DeadLetterLost,
    /// The answer goes where the first request came from, not where its repeat did.
    JoinedOnOldLink,
    /// A leg whose outcome is unknown is not reversed.
    TimeoutNotReversed,
    /// A reversal is answered 00 and nothing follows.
    ReversalNotForwarded,
    /// What is to stand of a reversed amount is forgotten.
    PartTakenForWhole,
    /// What was approved in part is told as approved whole.
    PartToldAsWhole,
    /// The outcome that a repeat finds is not what later repeats are told.
    OutcomeNotKept,
    /// A request is taken though it was taken before.
    DuplicateTaken,
    /// A fee is not given back when what it was asked for is undone.
    FeeKeptOnReversal,
    /// A hold that has ended is ended again.
    HoldEndedTwice,
    /// A hold whose time is over goes on.
    HoldNeverEnds,
    /// The first leg stands though the second was refused.
    FirstLegStands,
    /// A bank is not told of what was approved in its stead.
    StandInNotTold,
    /// A live request overtakes a debit that its bank has yet to be told of.
    StandInOvertaken,
    /// An entry counts in the day of its transaction though that is closed.
    PostedInClosedDay,
    /// What a refused request took of its card's limit stays taken.
    LimitKept,
    /// A second leg that was credited in part counts as credited whole.
    PartialCreditTakenForWhole,
    /// What an operator has discarded stays on the dead-letter list.
    DiscardedComesBack,
    /// A request whose outcome must be found is declined when it is found approved.
    LateApprovalDropped,
    /// What was declined is reversed.
    ReversalAfterDecline,
    /// A hot card is asked for.
    HotCardAsked,
    /// A day closes while a request of it waits.
    DayClosedEarly,
    /// Interchange goes to the switch, not to the acquirer.
    InterchangeToSwitch,
    /// A part of an advice that its bank has not heard of is undone as if it had.
    UndoneAdviceForgotten,
    /// What was undone while it was dead is not when it is tried again.
    UndoneDeadForgotten,
    /// No fee is asked for, and no interchange.
    FeeForgotten,
    /// A card's limit of an amount is not looked at.
    AmountLimitForgotten,
    /// A card's limit of a number is not looked at.
    CountLimitForgotten,
    /// A number that was used for something else gets that one's answer.
    ConflictTakenForRepeat,
    /// An inquiry that is repeated gets the stored answer.
    InquiryAnsweredFromStore,
    /// An inquiry whose outcome is unknown is reversed.
    InquiryReversed,
    /// Only who pays is posted, not who is paid.
    EntryOneSided,
    /// Whoever signs on or off is refused, and whom an operator signs on or off stays as he was.
    SignOnRefused,
    /// An echo is refused.
    EchoRefused,
    /// Banks do not hear that a day opens.
    CutoverNotTold,
    /// What was under way in a crash counts as never sent.
    CrashTakenForUnsent,
    /// Whoever breaks a profile is not told which field.
    FieldNotNamed,
    /// What is approved in a bank's stead has no bound.
    StandInUnbounded,
    /// A PIN or a cryptogram that nobody has verified is approved in a bank's stead.
    StandInUnverified,
    /// An advice is held to its card's limits.
    AdviceDeclined,
    /// What is owed to banks for one card goes out in any order.
    ForwardOutOfOrder,
    /// What is not answered is sent again after the same short wait every time.
    BackoffForgotten,
    /// What is known against a card is not looked at.
    CardObjectionIgnored,
    /// A bank's 0302 is answered 00, and nothing is done.
    FileUpdateForgotten,
    /// A bank may have another bank's card refused.
    OthersCardListed,
    /// A card for which another stands is asked for.
    ReplacedNotRefused,
    /// An item that was under way in a stop is sent once more under another name.
    PayrollPaidTwice,
    /// A salary that is paid already is taken again.
    PayrollDuplicateTaken,
    /// Who submits a batch may approve it.
    PayrollApprovedAlone,
    /// Items go out though their batch was not funded.
    PayrollUnfunded,
    /// What was rejected is not credited back.
    PayrollRejectedKept,
    /// What comes back of an item still counts as paid.
    PayrollTallyWrong,
    /// A batch begins as soon as it is funded, whatever its date.
    PayrollBeforeItsDate,
    /// Where one bank is away nobody of its batch is paid.
    PayrollAllWait,
    /// A payroll takes all the room that a bank has.
    PayrollFloods,
    /// What is taken back in part counts as taken back whole.
    PayrollRecallWhole,
    /// A salary that its bank has refused is never taken again.
    PayrollNeverAgain,
    /// A batch that is cancelled goes on.
    PayrollCancelForgotten,
    /// An item counts as the opposite of what it was settled as.
    PayrollSettledOtherwise,
    /// What only the switch may ask a bank for, an acquirer may too.
    SwitchKindsForAll,
    /// Wherever an acquirer is to be told this code he is told another.
    WrongCode(ResponseCode),
}

impl Fault {
    /// Those that the simulator must find.
    pub const SIMULATED: &[Self] = &[
        Self::TombstoneForgotten,
        Self::MatchedByStanAlone,
        Self::WrongBusinessDate,
        Self::ReversedApprovedAgain,
        Self::RepeatedUnderNewName,
        Self::DeadLetterLost,
        Self::JoinedOnOldLink,
        Self::TimeoutNotReversed,
        Self::ReversalNotForwarded,
        Self::PartTakenForWhole,
        Self::PartToldAsWhole,
        Self::OutcomeNotKept,
        Self::DuplicateTaken,
        Self::FeeKeptOnReversal,
        Self::HoldEndedTwice,
        Self::HoldNeverEnds,
        Self::FirstLegStands,
        Self::StandInNotTold,
        Self::StandInOvertaken,
        Self::PostedInClosedDay,
        Self::LimitKept,
        Self::PartialCreditTakenForWhole,
        Self::DiscardedComesBack,
        Self::LateApprovalDropped,
        Self::ReversalAfterDecline,
        Self::HotCardAsked,
        Self::DayClosedEarly,
        Self::InterchangeToSwitch,
        Self::UndoneAdviceForgotten,
        Self::UndoneDeadForgotten,
        Self::FeeForgotten,
        Self::AmountLimitForgotten,
        Self::CountLimitForgotten,
        Self::PayrollPaidTwice,
        Self::PayrollDuplicateTaken,
        Self::PayrollApprovedAlone,
        Self::PayrollUnfunded,
        Self::PayrollRejectedKept,
        Self::PayrollTallyWrong,
    ];

    /// Those that only scenarios must find, beside [`Fault::WrongCode`]: the simulator does not look for them.
    pub const REHEARSED: &[Self] = &[
        Self::ConflictTakenForRepeat,
        Self::InquiryAnsweredFromStore,
        Self::InquiryReversed,
        Self::EntryOneSided,
        Self::SignOnRefused,
        Self::EchoRefused,
        Self::CutoverNotTold,
        Self::CrashTakenForUnsent,
        Self::FieldNotNamed,
        Self::StandInUnbounded,
        Self::StandInUnverified,
        Self::AdviceDeclined,
        Self::ForwardOutOfOrder,
        Self::BackoffForgotten,
        Self::CardObjectionIgnored,
        Self::FileUpdateForgotten,
        Self::OthersCardListed,
        Self::ReplacedNotRefused,
        Self::PayrollBeforeItsDate,
        Self::PayrollAllWait,
        Self::PayrollFloods,
        Self::PayrollRecallWhole,
        Self::PayrollNeverAgain,
        Self::PayrollCancelForgotten,
        Self::PayrollSettledOtherwise,
        Self::SwitchKindsForAll,
    ];
}

/// What an acquirer is told instead of `code`.
pub(crate) fn told(code: ResponseCode) -> ResponseCode {
    match (is(Fault::WrongCode(code)), code) {
        (false, code) => code,
        (true, ResponseCode::DO_NOT_HONOUR) => ResponseCode::MALFUNCTION,
        (true, _) => ResponseCode::DO_NOT_HONOUR,
    }
}

#[cfg(feature = "sabotage")]
mod planted {
    use super::Fault;

    thread_local! {
        static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
    }

    /// From now on the engines of this thread make this mistake, or none.
    pub fn plant(fault: Option<Fault>) {
        PLANTED.set(fault);
    }

    /// Whether this mistake is to be made.
    #[must_use]
    pub fn is(fault: Fault) -> bool {
        PLANTED.get() == Some(fault)
    }
}

#[cfg(not(feature = "sabotage"))]
mod planted {
    use super::Fault;

    /// Nothing: this engine was built to make no mistakes on purpose.
    pub fn plant(_: Option<Fault>) {}

    /// Never.
    #[inline]
    #[must_use]
    pub const fn is(_: Fault) -> bool {
        false
    }
}

pub use planted::{is, plant};
