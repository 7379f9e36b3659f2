//! Three banks in one process that say 00 to everything, as cheaply as can be: what is measured is the switch.

use bytes::BytesMut;
use model::{Message, Mti, ResponseCode, Text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wire::Dialect;

use crate::traffic::{self, BANKS, Layout};

/// Listens, prints one address for each bank, and answers until killed.
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    runtime.block_on(tokio::task::LocalSet::new().run_until(async {
        for (name, _, _) in BANKS {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            println!("{name} {}", listener.local_addr().expect("an address"));
            tokio::task::spawn_local(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::task::spawn_local(serve(stream));
                }
            });
        }
        std::future::pending::<()>().await;
    }));
}

async fn serve(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let dialect = traffic::dialect();
    let (mut input, mut output) = (BytesMut::with_capacity(64 * 1024), BytesMut::with_capacity(64 * 1024));
    let mut known = None;
    while matches!(stream.read_buf(&mut input).await, Ok(1..)) {
        traffic::frames(&mut input, |body| answer(&dialect, &mut known, body, &mut output));
        if stream.write_all(&output).await.is_err() {
            return;
        }
        output.clear();
        input.reserve(64 * 1024);
    }
}

/// A request that was answered before, and what changes in the answer to the next.
struct Known {
    request: Layout,
    /// The whole frame.
    answer: BytesMut,
    copies: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>,
}

fn answer(dialect: &Dialect, known: &mut Option<Known>, body: &[u8], out: &mut BytesMut) {
    if let Some(Known { answer, copies, .. }) = known.as_mut().filter(|known| known.request.fits(body)) {
        for (from, to) in copies.iter() {
            answer[to.clone()].copy_from_slice(&body[from.clone()]);
        }
        return out.extend_from_slice(answer);
    }
    let request = wire::read(dialect, body).expect("the switch sends what can be read");
    let begun = out.len();
    traffic::put(dialect, &approval(&request), out);
    if request.mti == Mti::FINANCIAL_REQUEST {
        *known = Some(learn(dialect, body, &out[begun..]));
    }
}

fn learn(dialect: &Dialect, body: &[u8], answer: &[u8]) -> Known {
    const HEADER: usize = 2;
    let request = Layout::learn(dialect, body);
    let behind_header = |(from, to): (_, std::ops::Range<usize>)| (from, to.start + HEADER..to.end + HEADER);
    let copies = request.common(&Layout::learn(dialect, &answer[HEADER..])).map(behind_header).collect();
    Known { request, answer: BytesMut::from(answer), copies }
}

/// What a bank repeats of a request, and its 00.
fn approval(request: &Message<'_>) -> Message<'static> {
    let network = request.mti == Mti::NETWORK_REQUEST;
    Message {
        pan: request.pan,
        processing: request.processing,
        amount: request.amount,
        transmitted: request.transmitted,
        stan: request.stan,
        local_time: request.local_time,
        local_date: request.local_date,
        acquirer: request.acquirer,
        rrn: request.rrn,
        authorization: Text::new(b"BENCH0").filter(|_| !network),
        code: Some(ResponseCode::APPROVED),
        terminal: request.terminal,
        currency: request.currency,
        network: request.network,
        ..Message::new(if network { Mti::NETWORK_RESPONSE } else { Mti::FINANCIAL_RESPONSE })
    }
}
