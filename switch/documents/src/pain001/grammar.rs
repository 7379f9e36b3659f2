//! Which elements a pain.001 has, in which order, and which of them are read.
//!
//! Knows: the three editions (.03, .09, .11) as far as this room reads them; the rest is skipped, once its place is right. Does not
//! know: what the text of an element may be (`words`), nor what is made of it (`walk`).

use super::Edition;

/// What an element means to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing by itself.
    Plain,
    // Parts of the document.
    Message,
    Header,
    Block,
    Item,
    // Who and what a part is about: the same elements below mean what these say.
    Initiator,
    Payer,
    PayerAccount,
    PayerAgent,
    Payee,
    PayeeAccount,
    PayeeAgent,
    // Leaves of which there is one in a part.
    MessageId,
    Created,
    Count,
    Sum,
    BlockId,
    Method,
    Category,
    /// A day, or in .09 and .11 the choice of a day and a moment.
    Date,
    Moment,
    InstructionId,
    EndToEndId,
    Amount,
    Purpose,
    OwnPurpose,
    Remittance,
    // Leaves below who and what.
    Name,
    OrganisationId,
    PersonId,
    Iban,
    OwnAccount,
    Currency,
    Bic,
    Member,
    OtherAgent,
}

/// What stands in an element.
pub(super) enum Content {
    /// Whatever: it is skipped.
    Skipped,
    /// Text.
    Text,
    /// Elements, in this order.
    Sequence(&'static [Element]),
    /// One of these.
    Choice(&'static [Element]),
}

pub(super) struct Element {
    pub(super) tag: &'static str,
    /// 0 also where the walk itself says that something is missing below.
    pub(super) least: u8,
    /// 0 is no bound.
    pub(super) most: u8,
    editions: u8,
    pub(super) mark: Mark,
    pub(super) content: Content,
}

impl Element {
    pub(super) fn is_of(&self, edition: Edition) -> bool {
        self.editions & edition.bit() != 0
    }

    /// What may stand below it.
    pub(super) fn parts(&self) -> &'static [Self] {
        match self.content {
            Content::Sequence(parts) | Content::Choice(parts) => parts,
            Content::Skipped | Content::Text => &[],
        }
    }

    const fn required(mut self) -> Self {
        self.least = 1;
        self
    }

    const fn most(mut self, most: u8) -> Self {
        self.most = most;
        self
    }

    const fn only(mut self, editions: u8) -> Self {
        self.editions = editions;
        self
    }
}

const V03: u8 = Edition::V03.bit();
const V11: u8 = Edition::V11.bit();
const LATER: u8 = Edition::V09.bit() | V11;

const fn element(tag: &'static str, mark: Mark, content: Content) -> Element {
    Element { tag, least: 0, most: 1, editions: V03 | LATER, mark, content }
}

const fn skipped(tag: &'static str) -> Element {
    element(tag, Mark::Plain, Content::Skipped)
}

const fn text(tag: &'static str, mark: Mark) -> Element {
    element(tag, mark, Content::Text)
}

const fn sequence(tag: &'static str, mark: Mark, parts: &'static [Element]) -> Element {
    element(tag, mark, Content::Sequence(parts))
}

const fn choice(tag: &'static str, parts: &'static [Element]) -> Element {
    element(tag, Mark::Plain, Content::Choice(parts))
}

/// What is above the root.
pub(super) static ROOT: Element = sequence("", Mark::Plain, &[sequence("Document", Mark::Plain, DOCUMENT).required()]);

static DOCUMENT: &[Element] = &[sequence("CstmrCdtTrfInitn", Mark::Message, INITIATION).required()];

static INITIATION: &[Element] = &[
    sequence("GrpHdr", Mark::Header, HEADER).required(),
    sequence("PmtInf", Mark::Block, BLOCK).required().most(0),
    skipped("SplmtryData").most(0).only(LATER),
];

static HEADER: &[Element] = &[
    text("MsgId", Mark::MessageId),
    text("CreDtTm", Mark::Created),
    skipped("Authstn").most(2),
    text("NbOfTxs", Mark::Count),
    text("CtrlSum", Mark::Sum),
    sequence("InitgPty", Mark::Initiator, PARTY).required(),
    skipped("FwdgAgt"),
    skipped("InitnSrc").only(V11),
];

static BLOCK: &[Element] = &[
    text("PmtInfId", Mark::BlockId),
    text("PmtMtd", Mark::Method).required(),
    skipped("ReqdAdvcTp").only(V11),
    skipped("BtchBookg"),
    text("NbOfTxs", Mark::Count),
    text("CtrlSum", Mark::Sum),
    sequence("PmtTpInf", Mark::Plain, PAYMENT_TYPE_OF_BLOCK),
    text("ReqdExctnDt", Mark::Date).only(V03),
    choice("ReqdExctnDt", &[text("Dt", Mark::Date), text("DtTm", Mark::Moment)]).only(LATER),
    skipped("PoolgAdjstmntDt"),
    sequence("Dbtr", Mark::Payer, PARTY),
    sequence("DbtrAcct", Mark::PayerAccount, ACCOUNT),
    sequence("DbtrAgt", Mark::PayerAgent, AGENT),
    skipped("DbtrAgtAcct"),
    skipped("InstrForDbtrAgt").only(LATER),
    skipped("UltmtDbtr"),
    skipped("ChrgBr"),
    skipped("ChrgsAcct"),
    skipped("ChrgsAcctAgt"),
    sequence("CdtTrfTxInf", Mark::Item, ITEM).required().most(0),
];

/// One service level in .03, any number later; none of them is read.
static PAYMENT_TYPE_OF_BLOCK: &[Element] = &[
    skipped("InstrPrty"),
    skipped("SvcLvl").only(V03),
    skipped("SvcLvl").most(0).only(LATER),
    skipped("LclInstrm"),
    choice("CtgyPurp", &[text("Cd", Mark::Category), skipped("Prtry")]),
];

static ITEM: &[Element] = &[
    sequence("PmtId", Mark::Plain, PAYMENT_ID),
    skipped("PmtTpInf"),
    choice("Amt", &[text("InstdAmt", Mark::Amount), skipped("EqvtAmt")]),
    skipped("XchgRateInf"),
    skipped("ChrgBr"),
    skipped("MndtRltdInf").only(V11),
    skipped("ChqInstr"),
    skipped("UltmtDbtr"),
    skipped("IntrmyAgt1"),
    skipped("IntrmyAgt1Acct"),
    skipped("IntrmyAgt2"),
    skipped("IntrmyAgt2Acct"),
    skipped("IntrmyAgt3"),
    skipped("IntrmyAgt3Acct"),
    sequence("CdtrAgt", Mark::PayeeAgent, AGENT),
    skipped("CdtrAgtAcct"),
    sequence("Cdtr", Mark::Payee, PARTY),
    sequence("CdtrAcct", Mark::PayeeAccount, ACCOUNT),
    skipped("UltmtCdtr"),
    skipped("InstrForCdtrAgt").most(0),
    skipped("InstrForDbtrAgt"),
    choice("Purp", &[text("Cd", Mark::Purpose), text("Prtry", Mark::OwnPurpose)]),
    skipped("RgltryRptg").most(10),
    skipped("Tax"),
    skipped("RltdRmtInf").most(10),
    sequence("RmtInf", Mark::Plain, &[text("Ustrd", Mark::Remittance).most(0), skipped("Strd").most(0)]),
    skipped("SplmtryData").most(0).only(LATER),
];

static PAYMENT_ID: &[Element] =
    &[text("InstrId", Mark::InstructionId), text("EndToEndId", Mark::EndToEndId), skipped("UETR").only(LATER)];

static PARTY: &[Element] = &[
    text("Nm", Mark::Name),
    skipped("PstlAdr"),
    choice("Id", &[sequence("OrgId", Mark::Plain, ORGANISATION), sequence("PrvtId", Mark::Plain, PERSON)]),
    skipped("CtryOfRes"),
    skipped("CtctDtls"),
];

static ORGANISATION: &[Element] = &[
    skipped("BICOrBEI").only(V03),
    skipped("AnyBIC").only(LATER),
    skipped("LEI").only(LATER),
    sequence("Othr", Mark::Plain, &[text("Id", Mark::OrganisationId).required(), skipped("SchmeNm"), skipped("Issr")]).most(0),
];

static PERSON: &[Element] = &[
    skipped("DtAndPlcOfBirth"),
    sequence("Othr", Mark::Plain, &[text("Id", Mark::PersonId).required(), skipped("SchmeNm"), skipped("Issr")]).most(0),
];

static ACCOUNT: &[Element] = &[
    choice(
        "Id",
        &[
            text("IBAN", Mark::Iban),
            sequence("Othr", Mark::Plain, &[text("Id", Mark::OwnAccount), skipped("SchmeNm"), skipped("Issr")]),
        ],
    ),
    skipped("Tp"),
    text("Ccy", Mark::Currency),
    skipped("Nm"),
    skipped("Prxy").only(LATER),
];

static AGENT: &[Element] = &[
    sequence(
        "FinInstnId",
        Mark::Plain,
        &[
            text("BIC", Mark::Bic).only(V03),
            text("BICFI", Mark::Bic).only(LATER),
            sequence("ClrSysMmbId", Mark::Plain, &[skipped("ClrSysId"), text("MmbId", Mark::Member)]),
            skipped("LEI").only(LATER),
            skipped("Nm"),
            skipped("PstlAdr"),
            sequence("Othr", Mark::Plain, &[text("Id", Mark::OtherAgent), skipped("SchmeNm"), skipped("Issr")]),
        ],
    ),
    skipped("BrnchId"),
];
