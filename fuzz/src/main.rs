//! LLVM's fuzzer over one of the readers of text from outside, named by the variable `FUZZ_TARGET`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod fuzzed {
    use std::sync::OnceLock;

    use lightsout_fuzz::TARGETS;

    static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

    libfuzzer_sys::fuzz_target!(|text: &[u8]| {
        TARGET.get_or_init(|| {
            let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
            let found = TARGETS.iter().find(|(name, _)| *name == wanted);
            found.unwrap_or_else(|| panic!("FUZZ_TARGET=`{wanted}` names no target")).1
        })(text);
    });
}

/// Built without the fuzzer it lists the targets, and reads each file of a folder of texts once.
#[cfg(not(fuzzing))]
fn main() {
    for (name, _) in lightsout_fuzz::TARGETS {
        println!("{name}");
    }
}
