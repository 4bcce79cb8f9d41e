//! Rounds in which all contenders take turns, so that a noisy machine slows all of them alike.

use std::hint::black_box;
use std::time::Instant;

/// One of several ways to do the same work.
pub struct Contender<'a> {
    /// What to call it.
    pub name: &'a str,
    /// Does the work once. All contenders are handed the same buffer.
    pub work: Work<'a>,
}

/// Works with a buffer.
pub type Work<'a> = Box<dyn FnMut(&mut [u8]) + 'a>;

/// Lets the contenders take turns and prints how long each took in each round to work on `bytes`
/// bytes. Each round begins with another contender; the first round warms up and does not count.
pub fn take_turns(
    case: &str,
    bytes: usize,
    rounds: usize,
    buffer: &mut [u8],
    contenders: &mut [Contender<'_>],
) {
    for round in 0..=rounds {
        for Contender { name, work } in &mut *contenders {
            let start = Instant::now();
            work(black_box(buffer));
            let elapsed = start.elapsed().as_nanos();
            if round > 0 {
                println!("sample\t{case}\t{name}\t{bytes}\t{elapsed}");
            }
        }
        contenders.rotate_left(1);
    }
}
