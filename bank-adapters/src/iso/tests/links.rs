//! Real sockets: listened on and dialled.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::{Backoff, EchoBank, dial_iso, listen_iso};

#[tokio::test]
async fn a_bank_that_listens_serves_every_connection_up_to_its_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, down) = (listener.local_addr().unwrap(), CancellationToken::new());
    let settings = IsoHost { connections_max: 2, ..host("iso87-bcd") };
    let listening = tokio::spawn(listen_iso(listener, Arc::new(EchoBank), settings.clone(), down.clone()));
    let mut switches = Vec::new();
    for stan in 1..=2 {
        let mut switch = Peer::over(TcpStream::connect(address).await.unwrap(), &settings);
        assert_eq!(switch.ask(&purchase("dara", 1, stan)).await.stan(), stan);
        switches.push(switch);
    }
    let mut third = Peer::over(TcpStream::connect(address).await.unwrap(), &settings);
    assert!(third.try_receive().await.is_none(), "one too many");
    drop(switches.remove(0));
    // The place is free once the bank saw the first one go.
    loop {
        let mut next = TcpStream::connect(address).await.unwrap();
        let frame = switches[0].frame(&purchase("dara", 1, 3));
        if next.write_all(&frame).await.is_ok() && next.read_u8().await.is_ok() {
            break;
        }
    }
    down.cancel();
    listening.await.unwrap();
    assert!(switches[0].try_receive().await.is_none());
}

#[tokio::test]
async fn a_bank_that_dials_signs_on_and_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, down) = (listener.local_addr().unwrap(), CancellationToken::new());
    let (settings, quick) = (host("iso87-ascii"), Backoff { first: Duration::from_millis(1), max: Duration::from_millis(10) });
    let dialling = tokio::spawn(dial_iso(address, Arc::new(EchoBank), settings.clone(), quick, down.clone()));
    for round in 1..=3 {
        let (stream, _) = listener.accept().await.unwrap();
        let mut switch = Peer::over(stream, &settings);
        let came = switch.receive().await;
        let greeting = came.message();
        assert_eq!((greeting.mti, greeting.network), (Mti::NETWORK_REQUEST, Some(NetworkCode::SignOn)));
        assert_eq!((greeting.forwarder, came.stan()), (InstitutionId::new(116_001), round));
        assert_eq!(switch.ask(&purchase("dara", 1, 100 + round)).await.code(), "00");
    }
    down.cancel();
    dialling.await.unwrap();
}
