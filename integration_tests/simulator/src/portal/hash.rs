//! Hash functions: the only source of randomness, so that every value follows from its position.

/// Scrambles `value` so that consecutive inputs give unrelated outputs.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value ^ (value >> 32)
}

/// A hash of two values, in that order.
pub(crate) fn mix2(first: u64, second: u64) -> u64 {
    mix(mix(first).wrapping_add(second))
}

/// A hash of a name.
pub(crate) fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
