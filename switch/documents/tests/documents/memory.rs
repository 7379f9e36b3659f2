//! What readers and writers keep does not grow with the document.

use std::io::{BufReader, Read};

use documents::{Entry, Fault, Problem, Sum, pain001, payroll_csv};

use super::made::document;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// The most that may be alive at once. Buffers, one piece of the document, one header, block and item.
const ALIVE_MAX: u64 = 300_000;

/// A document that is made while it is read: a head, the same piece so many times, and a tail.
struct Endless {
    now: String,
    at: usize,
    times: u64,
    piece: String,
    tail: String,
}

impl Endless {
    fn new(head: String, times: u64, piece: String, tail: String) -> Self {
        Self { now: head, at: 0, times, piece, tail }
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.now.len() {
            self.at = 0;
            match self.times.checked_sub(1) {
                Some(left) => (self.times, self.now) = (left, self.piece.clone()),
                None => self.now = std::mem::take(&mut self.tail),
            }
        }
        let count = out.len().min(self.now.len() - self.at);
        out[..count].copy_from_slice(&self.now.as_bytes()[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// How many items stand in one piece.
const PIECE: u64 = 50;

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
    Endless::new(head, items / PIECE, (0..PIECE).map(item).collect(), tail)
}

fn csv(items: u64) -> Endless {
    let header = payroll_csv::HEADER;
    let head = format!("{header}\nbatch,M,MEF,,116001,001900000116,KHR,{items},SALA,2022-12-30,2022-12-27T16:30:00,{items},,\n");
    let item = |number| format!("item,E{number},{number},Name {number},116001,001{number:09},,1,SALA,,,,,\n");
    Endless::new(head, items / PIECE, (0..PIECE).map(item).collect(), format!("total,,,,,,,{items},,,,{items},,\n"))
}

/// Reads all of it, and keeps nothing: how many items, how many faults, and the most that was alive.
fn read(reader: impl Iterator<Item = Result<Entry, Fault>>) -> (u64, u64, u64) {
    let (items, faults, alive, _) = read_with_last(reader);
    (items, faults, alive)
}

/// The same, and the last fault.
fn read_with_last(reader: impl Iterator<Item = Result<Entry, Fault>>) -> (u64, u64, u64, Option<Problem>) {
    let (mut items, mut faults, mut last) = (0, 0, None);
    let info = allocation_counter::measure(|| {
        for found in reader {
            match found {
                Ok(Entry::Item(_)) => items += 1,
                Ok(_) => {}
                Err(fault) => {
                    faults += 1;
                    last = Some(fault.problem);
                }
            }
        }
    });
    (items, faults, info.bytes_max, last)
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

/// So are faults by the hundred thousand: they are given out as they are found, and none is kept.
#[test]
fn nothing_but_faults_is_read_in_little_memory() {
    let xml = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn>".to_owned();
    let csv = payroll_csv::HEADER.to_owned() + "\nbatch,,,,,,,,,,,,,\n";
    let (many, commas) = (format!("<PmtInf><x/><x/>{}</PmtInf>", "<CdtTrfTxInf/>".repeat(10)), ",".repeat(16_000) + "\n");
    let xml = Endless::new(xml, 5000, many, "</CstmrCdtTrfInitn></Document>".to_owned());
    let csv = Endless::new(csv, 2000, commas, "total,,,,,,,,,,,,,\n".to_owned());
    for (_, faults, alive, last) in
        [read_with_last(pain001::Reader::new(BufReader::new(xml))), read_with_last(payroll_csv::Reader::new(BufReader::new(csv)))]
    {
        assert!(faults > 1000 && alive < ALIVE_MAX, "{faults} faults, {alive} bytes alive, {last:?}");
    }
}

/// Bytes by the million without an end in sight are refused when their bound is reached.
#[test]
fn what_never_ends_is_refused_in_little_memory() {
    let document = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">";
    let x = "x".repeat(1000);
    for (begins, piece, times) in [
        (document.to_owned() + "<!--", &*x, 20_000),
        (document.to_owned() + "<CstmrCdtTrfInitn><GrpHdr><MsgId>", &x, 20_000),
        (document.to_owned() + "<", &x, 20_000),
        (document.to_owned() + "<a b=\"", &x, 20_000),
        ("<!DOCTYPE ".to_owned(), &x, 20_000),
        ("<?".to_owned(), &x, 20_000),
        (document.to_owned() + "<![CDATA[", &x, 20_000),
        (document.to_owned() + "&", &x, 20_000),
        (document.to_owned(), "<a>", 100_000),
        (document.to_owned() + "<CstmrCdtTrfInitn>", "<a b=''/>", 100_000),
    ] {
        let input = Endless::new(begins.clone(), times, piece.to_owned(), String::new());
        let (_, _, alive, last) = read_with_last(pain001::Reader::new(BufReader::new(input)));
        // The last two are short pieces by the hundred thousand: of these the one is too deep, and the other just ends.
        let bounded =
            matches!(last, Some(Problem::TooLong { .. })) || matches!((piece, &last), ("<a>", Some(Problem::TooDeep { .. })));
        assert!(bounded || (piece, &last) == ("<a b=''/>", &Some(Problem::CutOff)), "{begins}: {last:?}");
        assert!(alive < ALIVE_MAX, "{begins}: {alive} bytes alive");
    }
    for begins in ["record,\"", "record,", ""] {
        let input = Endless::new(begins.to_owned(), 20_000, x.clone(), String::new());
        let (_, _, alive, last) = read_with_last(payroll_csv::Reader::new(BufReader::new(input)));
        assert!(matches!(last, Some(Problem::TooLong { .. })) && alive < ALIVE_MAX, "{begins}: {last:?}, {alive} bytes alive");
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
