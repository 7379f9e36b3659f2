//! The CSV files that tell of a nation, a line at a time: UTF-8, comma, header line, RFC 4180 quoting, LF.

use std::fmt;
use std::io::{self, Write};

use crate::person::{Account, CivilServantId};
use crate::{Agency, Name, Person};

/// A file that tells of people, by its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Who applied for a card, as an agency sends it.
    Registrations,
    /// Who is on the payroll, and where they are paid.
    Registry,
    /// Registrations with their cards.
    Cards,
    /// The accounts of a bank's customers.
    Accounts,
}

impl Table {
    /// The header line, with its end.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::Registrations => "civil_servant_id,name_latin,name_khmer,date_of_birth,agency,bank,account_khr,account_usd\n",
            Self::Registry => "civil_servant_id,name_latin,name_khmer,status,bank,account_khr,account_usd,account_status\n",
            Self::Cards => {
                "civil_servant_id,name_latin,name_khmer,date_of_birth,agency,bank,account_khr,account_usd,state,pan,expiry\n"
            }
            Self::Accounts => "bank,account,currency,opening,holder,status\n",
        }
    }

    /// Writes what the file tells of a person: one line, of accounts one for each.
    ///
    /// # Errors
    /// As the writer does.
    pub fn write(self, person: &Person, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Registrations => {
                registration(person, out)?;
                out.write_all(b"\n")
            }
            Self::Registry => registry(person, out),
            Self::Cards => card(person, out),
            Self::Accounts => [person.khr, person.usd].into_iter().flatten().try_for_each(|it| account(person, it, out)),
        }
    }
}

fn registration(person: &Person, out: &mut impl Write) -> io::Result<()> {
    let Person { id, name, born, agency, bank, khr, usd, .. } = person;
    write_who(*id, *name, out)?;
    write!(out, ",{born},{},{},{},{}", Quoted(*agency), bank.name(), OrNothing(*khr), OrNothing(*usd))
}

fn registry(person: &Person, out: &mut impl Write) -> io::Result<()> {
    let Person { id, name, status, bank, khr, usd, account_status, .. } = person;
    write_who(*id, *name, out)?;
    let (khr, usd) = (OrNothing(*khr), OrNothing(*usd));
    writeln!(out, ",{},{},{khr},{usd},{}", status.name(), bank.name(), account_status.name())
}

fn card(person: &Person, out: &mut impl Write) -> io::Result<()> {
    registration(person, out)?;
    write!(out, ",{},", person.card_state.name())?;
    if let Some(card) = person.card {
        out.write_all(card.pan.digits().as_ref())?;
        write!(out, ",{:04}", card.expiry)?;
    } else {
        out.write_all(b",")?;
    }
    out.write_all(b"\n")
}

fn account(person: &Person, account: Account, out: &mut impl Write) -> io::Result<()> {
    let (currency, opening) = (account.currency().alpha(), account.opening());
    let (bank, holder, status) = (person.bank.name(), person.customer, person.account_status.name());
    writeln!(out, "{bank},{account},{currency},{opening},{holder},{status}")
}

fn write_who(id: CivilServantId, name: Name, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{id},{},{}", name.latin(), name.khmer())
}

struct OrNothing(Option<Account>);

impl fmt::Display for OrNothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |account| account.fmt(f))
    }
}

/// An agency's name, in quotes where a comma asks for them. None holds a quote.
struct Quoted(Agency);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name();
        if name.contains(',') { write!(f, "\"{name}\"") } else { f.write_str(name) }
    }
}
