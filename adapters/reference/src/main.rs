//! The reference adapter as a program: requests on standard input, replies on standard output.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use countersign_adapter_reference::{LINE_MAX, ReferenceAdapter};

fn main() -> ExitCode {
    match serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_closed) => ExitCode::FAILURE,
    }
}

fn serve(mut requests: impl BufRead, mut replies: impl Write) -> io::Result<()> {
    let mut adapter = ReferenceAdapter::new();
    let mut line = Vec::new();
    while !adapter.has_ended() && read_line(&mut requests, &mut line)? {
        // What is not UTF-8 is not JSON either, and is refused as such.
        let mut reply = adapter.handle(&String::from_utf8_lossy(&line));
        reply.push('\n');
        replies.write_all(reply.as_bytes())?;
        replies.flush()?;
    }
    Ok(())
}

/// Reads up to the next line end, keeping no more than one byte past [`LINE_MAX`]. `false` at the end of input.
fn read_line(requests: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    loop {
        let chunk = requests.fill_buf()?;
        if chunk.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let (taken, _rest) = chunk.split_at(end.unwrap_or(chunk.len()));
        let room = (LINE_MAX + 1).saturating_sub(line.len());
        line.extend_from_slice(taken.get(..room).unwrap_or(taken));
        let used = taken.len() + usize::from(end.is_some());
        requests.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}
