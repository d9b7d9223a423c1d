//! Named streams of chance: the same seed and names give the same draws, whatever else was drawn before.

/// A generator that belongs to `parts` alone, so that asking one machine more often never changes another.
pub(in crate::sandbox) fn stream(seed: u64, parts: &[&str]) -> fastrand::Rng {
    fastrand::Rng::with_seed(mix(seed, parts))
}

/// A number fixed by the seed and the names.
pub(in crate::sandbox) fn mix(seed: u64, parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0xff])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // The finish of splitmix64: without it, names that differ in the last letter give neighbouring seeds.
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// True in `percent` of a hundred draws.
pub(in crate::sandbox) fn chance(rng: &mut fastrand::Rng, percent: u32) -> bool {
    rng.u32(0..100) < percent
}
