//! What a link answers by itself, what it asks the bank, and when it says nothing.

use tokio::sync::{Semaphore, mpsc};

use super::*;
use crate::iso::Ending;
use crate::{AmountType, Balance, EchoBank, ReferenceBank};

#[tokio::test]
async fn a_purchase_its_repeat_and_its_reversal_reach_the_ledger() {
    for dialect in DIALECTS {
        let place = tempfile::tempdir().unwrap();
        let (mut switch, _served) = link(ReferenceBank::open("acleda", place.path(), &Cast::builtin()).unwrap(), &host(dialect));
        let request = purchase("dara", 1250, 7);
        let came = switch.ask(&request).await;
        let response = came.message();
        let echoed = |message: &Message<'_>| {
            let dates = (message.transmitted, message.local_time, message.local_date, message.business_date);
            let who = (message.pan, message.acquirer, message.terminal, message.merchant);
            (who, dates, message.processing, message.amount, message.stan, message.rrn, message.currency)
        };
        assert_eq!(echoed(&response), echoed(&request), "{dialect}");
        assert_eq!((response.mti, response.code), (Mti::FINANCIAL_RESPONSE, Some(ResponseCode::APPROVED)));
        assert_eq!((response.entry_mode, response.balances), (None, None), "not for a response");
        let authorization = response.authorization.unwrap();

        let repeat = switch.ask(&Message { mti: Mti::FINANCIAL_REPEAT, ..request }).await;
        assert_eq!((repeat.message().mti, repeat.message().authorization), (Mti::FINANCIAL_RESPONSE, Some(authorization)));

        let reversal = reversal_of(&request, 8);
        for mti in [Mti::REVERSAL_ADVICE, Mti::REVERSAL_ADVICE_REPEAT] {
            let came = switch.ask(&Message { mti, ..reversal }).await;
            let response = came.message();
            assert_eq!((response.mti, response.code), (Mti::REVERSAL_ADVICE_RESPONSE, Some(ResponseCode::APPROVED)), "{dialect}");
            assert_eq!(response.stan, Stan::new(8));
        }
        let asked = switch.ask(&Message { mti: Mti::REVERSAL_REQUEST, ..reversal_of(&purchase("dara", 1, 99), 9) }).await;
        assert_eq!((asked.message().mti.number(), asked.code()), (410, "25".into()));
    }
}

#[tokio::test]
async fn a_balance_comes_in_de54() {
    for dialect in DIALECTS {
        let place = tempfile::tempdir().unwrap();
        let (mut switch, _served) = link(ReferenceBank::open("acleda", place.path(), &Cast::builtin()).unwrap(), &host(dialect));
        let came = switch.ask(&Message { amount: None, ..financial(Kind::Balance, "thida", 0, 1) }).await;
        let balances = Balance::parse(came.message().balances.unwrap().bytes).unwrap();
        let usd = Currency::from_alpha("USD").unwrap();
        assert_eq!(balances, [AmountType::Ledger, AmountType::Available].map(|which| Balance::of(50, usd, which)), "{dialect}");
    }
}

#[tokio::test]
async fn a_partial_reversal_and_a_salary_by_account_are_understood() {
    let place = tempfile::tempdir().unwrap();
    let (mut switch, _served) = link(ReferenceBank::open("acleda", place.path(), &Cast::builtin()).unwrap(), &host("iso87-bcd"));
    let salary = Message { pan: None, to_account: Text::new(b"001000003840"), ..financial(Kind::Salary, "thida", 5000, 1) };
    assert_eq!(switch.ask(&salary).await.code(), "00");
    let withdrawal = financial(Kind::Withdrawal, "thida", 4000, 2);
    assert_eq!(switch.ask(&withdrawal).await.code(), "00");
    let partly = Message { replacement: Some(1000), ..reversal_of(&withdrawal, 3) };
    assert_eq!(switch.ask(&partly).await.code(), "00");
    let came = switch.ask(&financial(Kind::Balance, "thida", 0, 4)).await;
    assert_eq!(Balance::parse(came.message().balances.unwrap().bytes).unwrap()[0].amount.minor(), 50 + 5000 - 1000);
    let nameless = Message { original: None, ..reversal_of(&withdrawal, 5) };
    assert_eq!(switch.ask(&nameless).await.message().remark.unwrap().to_string(), "field 90 is missing");
}

#[tokio::test]
async fn network_management_is_the_links_own() {
    for dialect in DIALECTS {
        let (mut switch, served) = link(EchoBank, &host(dialect));
        assert_eq!(switch.ask(&purchase("dara", 1, 1)).await.code(), "00", "before any sign-on");
        let cases = [
            (NetworkCode::SignOn, "00"),
            (NetworkCode::Echo, "00"),
            (NetworkCode::SignOff, "00"),
            (NetworkCode::Other(777), "12"),
        ];
        for (stan, (code, answer)) in (2..).zip(cases) {
            let came = switch.ask(&network(code, stan)).await;
            assert_eq!((came.message().mti, came.stan(), came.code()), (Mti::NETWORK_RESPONSE, stan, answer.into()));
            assert_eq!(came.message().network, Some(code));
        }
        switch.stream.write_all(&[0, 0, 0, 0]).await.unwrap();
        switch
            .send(&Message {
                code: Some(ResponseCode::APPROVED),
                ..Message { mti: Mti::NETWORK_RESPONSE, ..network(NetworkCode::Echo, 1) }
            })
            .await;
        drop(switch);
        let served = served.await.unwrap();
        assert!(matches!(served.ending, Ending::PeerClosed), "{served:?}");
        let counts = served.counts;
        assert_eq!((counts.keep_alives, counts.calls, counts.answered, counts.ignored, counts.unreadable), (2, 1, 5, 1, 0));
    }
}

#[tokio::test]
async fn what_a_bank_cannot_do_is_40_and_what_nobody_knows_is_12() {
    let (mut switch, _served) = link(Balances, &host("iso87-ascii"));
    assert_eq!(switch.ask(&purchase("dara", 1, 1)).await.code(), "40");
    assert_eq!(switch.ask(&financial(Kind::Balance, "dara", 0, 2)).await.code(), "91");
    let strange = Message { processing: ProcessingCode::new(550_000), ..purchase("dara", 1, 3) };
    assert_eq!(switch.ask(&strange).await.code(), "12");
    let came = switch.ask(&Message { mti: Mti::new(100).unwrap(), ..purchase("dara", 1, 4) }).await;
    assert_eq!((came.message().mti.number(), came.code()), (110, "40".into()));
}

/// Takes inquiries only, and never reaches anybody with them.
struct Balances;

impl Bank for Balances {
    fn capabilities(&self) -> Capabilities {
        Capabilities { kinds: vec![Kind::Balance], holds: vec![] }
    }

    async fn call(&self, _: BankRequest, cx: Call) -> Outcome<BankReply> {
        Outcome::NotDelivered(cx.unsent().refuse("its line is down"))
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_answered_30_and_the_next_one_as_ever() {
    for dialect in DIALECTS {
        let (mut switch, served) = link(EchoBank, &host(dialect));
        let mut broken = switch.frame(&Message { pan: None, ..purchase("dara", 1, 77) });
        // The currency is the last field; 000 is none, in either dialect.
        let (end, width) = (broken.len(), if dialect == "iso87-bcd" { 2 } else { 3 });
        broken[end - width..].fill(if dialect == "iso87-bcd" { 0 } else { b'0' });
        switch.stream.write_all(&broken).await.unwrap();
        let came = switch.receive().await;
        assert_eq!((came.message().mti, came.code(), came.stan()), (Mti::FINANCIAL_RESPONSE, "30".into(), 77), "{dialect}");
        assert_eq!(came.message().remark.unwrap().to_string(), "field 49");
        let came = switch.ask(&Message { amount: None, ..purchase("dara", 1, 78) }).await;
        assert_eq!((came.code(), came.message().remark.unwrap().to_string()), ("30".into(), "field 4 is missing".into()));
        switch.stream.write_all(b"\x00\x03abc").await.unwrap();
        assert_eq!(switch.ask(&purchase("dara", 1, 79)).await.code(), "00", "{dialect}");
        drop(switch);
        let counts = served.await.unwrap().counts;
        assert_eq!((counts.unreadable, counts.frames, counts.answered), (2, 4, 3));
    }
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_sent_away_after_what_it_asked_is_answered() {
    let (mut switch, served) = link(EchoBank, &host("iso87-ascii"));
    let mut bytes = switch.frame(&purchase("dara", 1, 1));
    bytes.extend_from_slice(b"GET / HTTP/1.1\r\n");
    switch.stream.write_all(&bytes).await.unwrap();
    assert_eq!(switch.receive().await.code(), "00");
    assert!(switch.try_receive().await.is_none());
    let ending = served.await.unwrap().ending.to_string();
    assert!(ending.contains("18245 bytes") && ending.contains("framing"), "{ending}");

    let (mut switch, served) = link(EchoBank, &host("iso87-ascii"));
    switch.stream.write_all(&b"\x00\x03abc".repeat(16)).await.unwrap();
    assert!(switch.try_receive().await.is_none());
    assert!(matches!(served.await.unwrap().ending, Ending::Unreadable(16)));
}

/// Says what it was told to say for each amount.
struct Moody;

impl Bank for Moody {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn call(&self, request: BankRequest, cx: Call) -> Outcome<BankReply> {
        let BankRequest::Financial(request) = request else { return Outcome::Answered(BankReply::of(ResponseCode::APPROVED)) };
        match request.amount.minor() {
            1 => Outcome::NotDelivered(cx.unsent().refuse("its line is down")),
            2 => Outcome::Unknown(cx.sending().lost("its line broke")),
            _ => Outcome::Answered(BankReply::of(ResponseCode::DO_NOT_HONOUR)),
        }
    }
}

#[tokio::test]
async fn not_delivered_is_91_and_unknown_is_silence() {
    for dialect in DIALECTS {
        let (mut switch, served) = link(Moody, &host(dialect));
        assert_eq!(switch.ask(&purchase("dara", 1, 1)).await.code(), "91");
        switch.send(&purchase("dara", 2, 2)).await;
        let came = switch.ask(&purchase("dara", 3, 3)).await;
        assert_eq!((came.stan(), came.code()), (3, "05".into()), "nothing was said to number 2");
        drop(switch);
        let counts = served.await.unwrap().counts;
        assert_eq!((counts.calls, counts.answered, counts.silent, counts.not_delivered), (3, 2, 1, 1));
    }
}

/// Waits for leave before it answers, and tells when it was asked.
struct Waits {
    leave: Arc<Semaphore>,
    asked: mpsc::UnboundedSender<u32>,
}

impl Waits {
    fn new() -> (Self, Arc<Semaphore>, mpsc::UnboundedReceiver<u32>) {
        let (leave, (asked, told)) = (Arc::new(Semaphore::new(0)), mpsc::unbounded_channel());
        (Self { leave: leave.clone(), asked }, leave, told)
    }
}

impl Bank for Waits {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn call(&self, request: BankRequest, _: Call) -> Outcome<BankReply> {
        let _ = self.asked.send(request.reference().stan.number());
        self.leave.acquire().await.unwrap().forget();
        Outcome::Answered(BankReply::of(ResponseCode::APPROVED))
    }
}

/// Lets the other tasks go on until they wait for something.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_bank_is_asked_so_much_at_once_and_no_more_is_read_meanwhile() {
    let (bank, leave, mut told) = Waits::new();
    let (mut switch, _served) = link(bank, &IsoHost { in_flight_max: 4, ..host("iso87-ascii") });
    for stan in 1..=10 {
        switch.send(&purchase("dara", 1, stan)).await;
    }
    for stan in 1..=4 {
        assert_eq!(told.recv().await, Some(stan));
    }
    settle().await;
    assert!(told.try_recv().is_err(), "four are enough");
    leave.add_permits(1);
    switch.receive().await;
    assert_eq!(told.recv().await, Some(5));
    settle().await;
    assert!(told.try_recv().is_err(), "one came for one that went");
    leave.add_permits(9);
    let mut answered = HashSet::new();
    for _ in 0..9 {
        answered.insert(switch.receive().await.stan());
    }
    assert_eq!(answered.len(), 9);
}

#[tokio::test]
async fn a_full_bank_is_felt_by_its_peer() {
    let (bank, leave, mut told) = Waits::new();
    let (near, far) = tokio::io::duplex(1024);
    let limited = IsoHost { in_flight_max: 1, ..host("iso87-ascii") };
    tokio::spawn(crate::serve_iso(Arc::new(bank), far, limited.clone(), CancellationToken::new()));
    let mut switch = Peer::over(near, &limited);
    switch.send(&purchase("dara", 1, 1)).await;
    told.recv().await;
    let frame = switch.frame(&purchase("dara", 1, 2));
    let flood = frame.repeat(1000);
    let (mut reader, mut writer) = tokio::io::split(switch.stream);
    let writing = tokio::spawn(async move { writer.write_all(&flood).await.map(|()| writer) });
    settle().await;
    assert!(!writing.is_finished(), "the pipe is full and stays so");
    leave.add_permits(2000);
    let mut sink = BytesMut::new();
    while !writing.is_finished() {
        assert!(reader.read_buf(&mut sink).await.unwrap() > 0);
        sink.clear();
    }
}

#[tokio::test]
async fn a_bank_that_goes_down_answers_what_it_began() {
    let (bank, leave, mut told) = Waits::new();
    let down = CancellationToken::new();
    let settings = host("iso87-ascii");
    let (stream, served) = in_process(Arc::new(bank), settings.clone(), down.clone());
    let mut switch = Peer::over(stream, &settings);
    switch.send(&purchase("dara", 1, 1)).await;
    told.recv().await;
    down.cancel();
    settle().await;
    leave.add_permits(1);
    assert_eq!(switch.receive().await.stan(), 1);
    assert!(switch.try_receive().await.is_none());
    assert!(matches!(served.await.unwrap().ending, Ending::Shutdown));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_left_and_a_call_outlives_its_link() {
    let (bank, leave, mut told) = Waits::new();
    let quick = IsoHost { idle: Some(std::time::Duration::from_secs(60)), ..host("iso87-ascii") };
    let (mut switch, served) = link(bank, &quick);
    switch.send(&purchase("dara", 1, 1)).await;
    told.recv().await;
    let served = served.await.unwrap();
    assert!(matches!(served.ending, Ending::Idle(_)), "{served:?}");
    leave.add_permits(1);
    settle().await;
    assert_eq!(leave.available_permits(), 0, "the call went on to its end without the link");
}
