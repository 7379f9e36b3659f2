//! The `payswitch` command: the command line only. Each command's own file says what it does.
#![expect(clippy::print_stdout, reason = "a command line speaks through it; what goes to standard error goes by `say!`")]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
