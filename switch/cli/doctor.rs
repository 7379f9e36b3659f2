//! `payswitch doctor`: bytes whose framing and dialect nobody knows, and the configuration that reads them.

use std::fmt::Write as _;
use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use model::Timestamp;
use server::config::dialect;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use wire::doctor::{Diagnosis, Guess, examine};
use wire::{Dialect, describe};

use super::{Failure, block_on};

/// Bytes that are looked at.
const BYTES_MAX: usize = 64 * 1024;

/// `payswitch doctor`
#[derive(Args)]
#[command(group(clap::ArgGroup::new("from").required(true)))]
pub(super) struct Doctor {
    /// The bytes in hexadecimal; blanks, line ends and colons between them do no harm.
    #[arg(long, value_name = "TEXT", group = "from")]
    hex: Option<String>,
    /// A file with the bytes as they are; - for standard input.
    #[arg(long, value_name = "FILE", group = "from")]
    file: Option<PathBuf>,
    /// Listen here, take one connection, and look at what it sends.
    #[arg(long, value_name = "ADDRESS", group = "from")]
    listen: Option<SocketAddr>,
    /// Further dialects to try: files (.toml).
    #[arg(long, value_name = "FILE")]
    dialect: Vec<String>,
    /// With --listen: seconds without another byte after which what came is looked at.
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    wait: u64,
    /// Show card numbers, tracks, PIN blocks and chip data as they are.
    #[arg(long)]
    unmasked: bool,
}

impl Doctor {
    /// Exit code 0 where a guess accounts for every byte, 2 where none does.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let mut dialects: Vec<Arc<Dialect>> = Dialect::builtin_names().iter().filter_map(|name| Dialect::builtin(name)).collect();
        for file in &self.dialect {
            dialects.push(dialect(file)?);
        }
        let bytes = self.bytes()?;
        let told = examine(&bytes, &dialects, now());
        print!("{}", report(bytes.len(), &told, self.unmasked)?);
        Ok(if told.guesses.first().is_some_and(Guess::is_whole) { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        if let Some(text) = &self.hex {
            let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b':').collect();
            return wire::unhex(&digits).ok_or_else(|| "--hex: expected pairs of hexadecimal digits".into());
        }
        if let Some(file) = &self.file {
            let limit = BYTES_MAX as u64;
            let mut bytes = Vec::new();
            if file.as_os_str() == "-" {
                std::io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
            } else {
                let opened = std::fs::File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
                opened.take(limit).read_to_end(&mut bytes)?;
            }
            return Ok(bytes);
        }
        let address = self.listen.ok_or("give --hex, --file or --listen")?;
        block_on(listen(address, Duration::from_secs(self.wait)))
    }
}

fn now() -> Option<Timestamp> {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_micros();
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}

/// What the first connection sends.
async fn listen(address: SocketAddr, pause: Duration) -> Result<Vec<u8>, Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
    say!("listening on {}; waiting for a peer", listener.local_addr()?);
    let (stream, peer) = listener.accept().await?;
    say!("{peer} is there");
    Ok(received(stream, pause).await)
}

/// What comes until the peer pauses or goes; a keep-alive or a partial message does not end it at once, and keep-alives for ever do
/// not put it off.
async fn received(mut stream: TcpStream, pause: Duration) -> Vec<u8> {
    /// So many pauses for the first byte, and as many for all that follow.
    const PAUSES: u32 = 10;
    let mut bytes = Vec::with_capacity(4096);
    let mut first = None;
    while bytes.len() < BYTES_MAX {
        // A peer may think for long before its first byte, not between two of one message.
        let patience = if bytes.is_empty() { pause.saturating_mul(PAUSES) } else { pause };
        match tokio::time::timeout(patience, stream.read_buf(&mut bytes)).await {
            Ok(Ok(1..)) if first.get_or_insert_with(Instant::now).elapsed() < pause.saturating_mul(PAUSES) => {}
            Ok(Ok(_)) | Err(_) => break,
            // What it sent before it reset the connection is what counts.
            Ok(Err(error)) => {
                say!("then: {error}");
                break;
            }
        }
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

fn report(count: usize, told: &Diagnosis, unmasked: bool) -> Result<String, std::fmt::Error> {
    let mut out = format!("{count} bytes\n");
    for remark in &told.remarks {
        writeln!(out, "  ! {remark}")?;
    }
    for (place, guess) in told.guesses.iter().enumerate() {
        let framing = guess.framing.map_or("no frame".to_owned(), |framing| framing.to_string());
        let sure = if guess.is_whole() { "everything fits" } else { "something does not fit" };
        let change = if guess.change.is_empty() { String::new() } else { format!(" with {}", guess.change) };
        writeln!(
            out,
            "\n{}. {framing}, {}{change}: {sure} ({} of 1000)",
            place + 1,
            guess.dialect.name(),
            guess.score.min(1000)
        )?;
        for fit in &guess.fits {
            writeln!(out, "   + {fit}")?;
        }
        for misfit in guess.misfits.iter().take(4) {
            writeln!(out, "   - {misfit}")?;
        }
        if place == 0 {
            writeln!(out, "\n   to be written under the link's [[acquirer]] or [[bank]]:\n")?;
            for line in guess.configuration().lines() {
                writeln!(out, "       {line}")?;
            }
            writeln!(out, "\n   the first message so read:\n")?;
            let message = describe::text(&guess.dialect, &guess.message, unmasked);
            for line in message.lines() {
                writeln!(out, "     {line}")?;
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::thread;

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// What the doctor receives of a peer that does this, and pauses for so long.
    fn of_a_peer(does: fn(std::net::TcpStream), pause: Duration) -> Vec<u8> {
        let received = block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            let peer = thread::spawn(move || does(std::net::TcpStream::connect(address).unwrap()));
            let (mut stream, _) = listener.accept().await?;
            // A peer that goes without having read this resets the connection.
            stream.write_all(b"unread").await?;
            let bytes = received(stream, pause).await;
            peer.join().unwrap();
            Ok(bytes)
        });
        received.unwrap_or_else(|failure| panic!("{failure}"))
    }

    #[test]
    fn what_a_peer_sent_before_it_reset_the_connection_is_examined() {
        let sent = of_a_peer(
            |mut stream| {
                stream.write_all(b"0800").unwrap();
                thread::sleep(Duration::from_millis(100));
            },
            Duration::from_secs(30),
        );
        assert_eq!(sent, b"0800");
    }

    #[test]
    fn a_peer_that_sends_keep_alives_for_ever_is_listened_to_for_ten_pauses() {
        let sent = of_a_peer(
            |mut stream| {
                while stream.write_all(&[0, 0]).is_ok() {
                    thread::sleep(Duration::from_millis(10));
                }
            },
            Duration::from_millis(50),
        );
        assert!(sent.len() > 2 && sent.len() <= 2 * 51, "{}", sent.len());
    }

    #[test]
    fn no_pause_is_too_long_to_be_counted() {
        assert_eq!(of_a_peer(|mut stream| stream.write_all(b"08").unwrap(), Duration::from_secs(u64::MAX)), b"08");
    }
}
