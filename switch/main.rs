//! The `payswitch` command: the command line only. Each command's own file says what it does.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through them")]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
