//! XML, written as a stream: elements one to a line, or several to a line where a part is written whole.
//!
//! Knows: tags and escapes. Does not know: which elements a message has.

use std::io::Write;

use model::Money;

use crate::amount::major;
use crate::error::Error;
use crate::words::{Account, AccountKind, Agent, AgentKind};

/// Writes elements. Those that are open are kept by their tags: as many as they are deep, whatever the document's length.
pub(crate) struct Xml<W> {
    out: W,
    open: Vec<&'static str>,
    /// How many elements deep a line ends behind each tag; deeper ones stand on their parent's line.
    lines: usize,
}

impl<W: Write> Xml<W> {
    /// Begins a document of this message.
    pub(crate) fn new(out: W, message: &str, lines: usize) -> Result<Self, Error> {
        let mut xml = Self { out, open: Vec::new(), lines };
        writeln!(xml.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        write!(xml.out, "<Document xmlns=\"{}{message}\">", crate::NAMESPACE)?;
        xml.open.push("Document");
        xml.line()?;
        Ok(xml)
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, tag: &'static str) -> Result<(), Error> {
        write!(self.out, "<{tag}>")?;
        self.open.push(tag);
        self.line()
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        if let Some(tag) = self.open.pop() {
            write!(self.out, "</{tag}>")?;
            self.line()?;
        }
        Ok(())
    }

    /// An element with `inside`.
    pub(crate) fn within(&mut self, tag: &'static str, inside: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.open(tag)?;
        inside(self)?;
        self.close()
    }

    /// Elements inside each other, and text in the innermost.
    pub(crate) fn nested<const N: usize>(&mut self, tags: [&'static str; N], text: &str) -> Result<(), Error> {
        for tag in tags {
            write!(self.out, "<{tag}>")?;
        }
        self.escaped(text)?;
        for tag in tags.iter().rev() {
            write!(self.out, "</{tag}>")?;
        }
        self.line()
    }

    /// An element with text.
    pub(crate) fn leaf(&mut self, tag: &'static str, text: &str) -> Result<(), Error> {
        self.nested([tag], text)
    }

    /// An element with text, where there is some.
    pub(crate) fn optional(&mut self, tag: &'static str, text: Option<&str>) -> Result<(), Error> {
        text.map_or(Ok(()), |text| self.leaf(tag, text))
    }

    /// An amount with its currency.
    pub(crate) fn amount(&mut self, tag: &'static str, amount: Money) -> Result<(), Error> {
        write!(self.out, "<{tag} Ccy=\"{}\">{}</{tag}>", amount.currency().alpha(), major(amount))?;
        self.line()
    }

    /// What identifies an account (AccountIdentification4Choice, in `Id`).
    pub(crate) fn account(&mut self, account: &Account) -> Result<(), Error> {
        match account.kind() {
            AccountKind::Iban => self.nested(["Id", "IBAN"], account.as_str()),
            AccountKind::Own => self.nested(["Id", "Othr", "Id"], account.as_str()),
        }
    }

    /// A bank, in `tag`. The element of a BIC was renamed once.
    pub(crate) fn agent(&mut self, tag: &'static str, agent: &Agent, bic: &'static str) -> Result<(), Error> {
        match agent.kind() {
            AgentKind::Bic => self.nested([tag, "FinInstnId", bic], agent.as_str()),
            AgentKind::Member => self.nested([tag, "FinInstnId", "ClrSysMmbId", "MmbId"], agent.as_str()),
            AgentKind::Other => self.nested([tag, "FinInstnId", "Othr", "Id"], agent.as_str()),
        }
    }

    /// Closes all that is open.
    pub(crate) fn finish(mut self) -> Result<W, Error> {
        while !self.open.is_empty() {
            self.close()?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn line(&mut self) -> Result<(), Error> {
        if self.open.len() <= self.lines {
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn escaped(&mut self, text: &str) -> Result<(), Error> {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>']) {
            let (plain, special) = rest.split_at(at);
            self.out.write_all(plain.as_bytes())?;
            let escape: &[u8] = match special.as_bytes().first() {
                Some(b'&') => b"&amp;",
                Some(b'<') => b"&lt;",
                _ => b"&gt;",
            };
            self.out.write_all(escape)?;
            rest = special.get(1..).unwrap_or("");
        }
        Ok(self.out.write_all(rest.as_bytes())?)
    }
}
