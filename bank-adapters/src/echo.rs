//! A bank for measurements: says 00 to everything and remembers nothing.

use model::{ResponseCode, Text};

use crate::{Bank, BankReply, BankRequest, Call, Capabilities, Outcome};

/// Answers 00 at once, without a ledger. What is measured beside it is the road, not the bank.
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoBank;

impl Bank for EchoBank {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    fn call(&self, request: BankRequest, _: Call) -> impl Future<Output = Outcome<BankReply>> + Send {
        let reply = match request {
            BankRequest::Financial(_) | BankRequest::Authorization(_) => {
                BankReply { authorization: Text::new(b"ECHO00"), ..BankReply::of(ResponseCode::APPROVED) }
            }
            BankRequest::Advice(_) | BankRequest::Reversal(_) => BankReply::of(ResponseCode::APPROVED),
        };
        std::future::ready(Outcome::Answered(reply))
    }
}
