//! Any text is read as an expression or refused with a byte that lies in it; what is read and printed reads as the same.
#![no_main]

use carryall::expr::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse(text) {
        Err(problem) => assert!(problem.position.is_none_or(|at| at <= text.len() && text.is_char_boundary(at))),
        Ok(term) => {
            let printed = term.to_string();
            // Printed with all its brackets it may be longer than an expression can be.
            if let Ok(again) = parse(&printed) {
                assert_eq!(again.to_string(), printed);
            }
        }
    }
});
