//! What readers and writers keep does not grow with the document.

use std::io::{BufReader, Read};

use documents::{Entry, Fault, Sum, pain001, payroll_csv};

use super::made::document;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// The most that may be alive at once. Buffers, one piece of the document, one header, block and item.
const ALIVE_MAX: u64 = 300_000;

/// A document that is made while it is read: a head, so many items, and a tail.
struct Endless {
    rest: Vec<u8>,
    at: usize,
    items: u64,
    item: fn(u64) -> String,
    tail: String,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.rest.len() {
            self.at = 0;
            self.rest.clear();
            if self.items > 0 {
                self.rest.extend((self.item)(self.items).bytes());
                self.items -= 1;
            } else {
                self.rest.extend(std::mem::take(&mut self.tail).bytes());
            }
        }
        let count = out.len().min(self.rest.len() - self.at);
        out[..count].copy_from_slice(&self.rest[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// A pain.001 of so many items of 1 riel each.
fn xml(items: u64, stated: u64) -> Endless {
    let head = format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn><GrpHdr><MsgId>M</MsgId>\
         <CreDtTm>2022-12-27T16:30:00</CreDtTm><NbOfTxs>{stated}</NbOfTxs><CtrlSum>{items}</CtrlSum><InitgPty/></GrpHdr><PmtInf>\
         <PmtInfId>P</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2022-12-30</Dt></ReqdExctnDt><Dbtr><Id><OrgId><Othr><Id>MEF</Id>\
         </Othr></OrgId></Id></Dbtr><DbtrAcct><Id><Othr><Id>001900000116</Id></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId><ClrSysMmbId>\
         <MmbId>116001</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt>\n"
    );
    let item = |number| {
        format!(
            "<CdtTrfTxInf><PmtId><EndToEndId>E{number}</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"KHR\">1</InstdAmt></Amt><CdtrAgt>\
             <FinInstnId><ClrSysMmbId><MmbId>116001</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt><Cdtr><Nm>Name {number}</Nm><Id><PrvtId>\
             <Othr><Id>{number}</Id></Othr></PrvtId></Id></Cdtr><CdtrAcct><Id><Othr><Id>001{number:09}</Id></Othr></Id></CdtrAcct>\
             <Purp><Cd>SALA</Cd></Purp></CdtTrfTxInf>\n"
        )
    };
    let tail = "</PmtInf></CstmrCdtTrfInitn></Document>".to_owned();
    Endless { rest: head.into_bytes(), at: 0, items, item, tail }
}

fn csv(items: u64) -> Endless {
    let header = payroll_csv::HEADER;
    let head = format!("{header}\nbatch,M,MEF,,116001,001900000116,KHR,{items},SALA,2022-12-30,2022-12-27T16:30:00,{items},,\n");
    let item = |number| format!("item,E{number},{number},Name {number},116001,001{number:09},,1,SALA,,,,,\n");
    Endless { rest: head.into_bytes(), at: 0, items, item, tail: format!("total,,,,,,,{items},,,,{items},,\n") }
}

/// Reads all of it, and keeps nothing: how many items, how many faults, and the most that was alive.
fn read(reader: impl Iterator<Item = Result<Entry, Fault>>) -> (u64, u64, u64) {
    let (mut items, mut faults) = (0, 0);
    let info = allocation_counter::measure(|| {
        for found in reader {
            match found {
                Ok(Entry::Item(_)) => items += 1,
                Ok(_) => {}
                Err(_) => faults += 1,
            }
        }
    });
    (items, faults, info.bytes_max)
}

#[test]
fn two_hundred_megabytes_of_pain_001_are_read_in_little_memory() {
    // 407 bytes an item.
    let items = 500_000;
    let (read, faults, alive) = read(pain001::Reader::new(BufReader::new(xml(items, items))));
    assert_eq!((read, faults), (items, 0));
    assert!(alive < ALIVE_MAX, "{alive} bytes were alive at once");
}

#[test]
fn so_is_as_much_of_csv() {
    let items = 1_000_000;
    let (read, faults, alive) = read(payroll_csv::Reader::new(BufReader::new(csv(items))));
    assert_eq!((read, faults), (items, 0));
    assert!(alive < ALIVE_MAX, "{alive} bytes were alive at once");
}

/// The counter counts, and the sum that is held against the items is theirs: one item more than stated is one too many.
#[test]
fn a_wrong_number_is_found_at_the_end_of_a_long_document() {
    let (read, faults, _) = read(pain001::Reader::new(BufReader::new(xml(20_000, 19_999))));
    assert_eq!((read, faults), (20_000, 1));
    let kept =
        allocation_counter::measure(|| drop(pain001::Reader::new(BufReader::new(xml(20_000, 20_000))).collect::<Vec<_>>()));
    assert!(kept.bytes_max > ALIVE_MAX, "{}", kept.bytes_max);
}

/// Bytes by the million without an end in sight are refused when their bound is reached.
#[test]
fn what_never_ends_is_refused_in_little_memory() {
    let document = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">";
    let x = |_| "x".repeat(1000);
    for (begins, item) in [
        (document.to_owned() + "<!--", x as fn(u64) -> String),
        (document.to_owned() + "<CstmrCdtTrfInitn><GrpHdr><MsgId>", x),
        (document.to_owned() + "<", x),
        (document.to_owned() + "<a b=\"", x),
        ("<!DOCTYPE ".to_owned(), x),
        ("<?".to_owned(), x),
        (document.to_owned() + "<![CDATA[", x),
        (document.to_owned() + "&", x),
        (document.to_owned(), |_| "<a>".repeat(100)),
        (document.to_owned(), |_| "<a b=''/>".repeat(1000)),
    ] {
        let input = Endless { rest: begins.clone().into_bytes(), at: 0, items: 20_000, item, tail: String::new() };
        let (_, faults, alive) = read(pain001::Reader::new(BufReader::new(input)));
        assert!(faults >= 1 && alive < ALIVE_MAX, "{begins}: {faults} faults, {alive} bytes alive");
    }
    for begins in ["record,\"", "record,", ""] {
        let input = Endless { rest: begins.as_bytes().to_vec(), at: 0, items: 20_000, item: x, tail: String::new() };
        let (_, faults, alive) = read(payroll_csv::Reader::new(BufReader::new(input)));
        assert!(faults == 1 && alive < ALIVE_MAX, "{begins}: {faults} faults, {alive} bytes alive");
    }
}

#[test]
fn writers_keep_nothing_of_what_they_have_written() {
    let made = document().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let (block, items) = &made.blocks[0];
    let (count, item) = (50_000u32, &items[0]);
    let sum = std::iter::repeat_n(item.amount, count as usize).collect::<Sum>();
    let header =
        documents::Header { count, control_sum: Some(sum), initiator_name: None, initiator_id: None, ..made.header.clone() };
    let currency = Some(item.amount.currency());
    let block =
        documents::Block { id: header.message_id.clone(), count: Some(count), control_sum: Some(sum), currency, ..block.clone() };
    let written = allocation_counter::measure(|| {
        let mut xml = pain001::Writer::new(std::io::sink(), pain001::Edition::V09, &header).unwrap();
        let mut csv = payroll_csv::Writer::new(std::io::sink(), &header, &block).unwrap();
        xml.block(&block).unwrap();
        for _ in 0..count {
            xml.item(item).unwrap();
            csv.item(item).unwrap();
        }
        xml.finish().unwrap();
        csv.finish().unwrap();
    });
    assert!(written.bytes_max < 20_000, "{} bytes were alive at once", written.bytes_max);
}
