//! `tenlock`, the example command-line tool: encrypted volumes in image files and on block devices.
//!
//! Everything it can do it does through the library's public interface. One file for each command or group of commands under
//! `commands`; what they share lies beside this file.

mod args;
mod commands;
mod credential;
mod describe;
mod failure;
mod fs;
mod image;
mod new_file;
mod output;
mod payload;
mod progress;
mod strength;
mod terms;
mod units;
mod unlock;
mod ways_in;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::Cli;
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => {
            let mut out = Output::new(cli.json);
            match commands::run(cli.command, &mut out).and_then(|outcome| out.finish(outcome)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => out.fail(failure),
            }
        }
        Err(error) => refuse(&error),
    }
}

/// Help and version are asked for and succeed; everything else that clap reports is a usage error.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => Output::new(false).fail(error.into()),
        };
    }
    // The arguments were not understood, but whoever asked for JSON is a program and gets it.
    let json = std::env::args_os()
        .take_while(|arg| arg != "--")
        .any(|arg| arg == "--json");
    let text = error.to_string();
    Output::new(json).fail(Failure::usage(
        text.trim_end().trim_start_matches("error: ").to_owned(),
    ))
}
