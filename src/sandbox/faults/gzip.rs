//! A small gzip body that grows to a large one, written by hand so that no compressor is needed.

use axum::body::Bytes;

/// Distance-one copies in a fixed Huffman block: each 258-byte copy of a space costs 13 bits.
struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// Puts `width` bits of `value`, lowest first.
    fn put(&mut self, value: u32, width: u32) {
        self.held |= value << self.count;
        self.count = self.count.saturating_add(width);
        while self.count >= 8 {
            self.out.push(u8::try_from(self.held & 0xff).unwrap_or(0));
            self.held >>= 8;
            self.count = self.count.saturating_sub(8);
        }
    }

    /// Puts a Huffman code, whose highest bit goes first.
    fn code(&mut self, code: u32, width: u32) {
        for bit in (0..width).rev() {
            self.put((code >> bit) & 1, 1);
        }
    }
}

/// Gzip of about that many MiB of spaces; its checksum is wrong, which nobody learns who stops in time.
pub(in crate::sandbox) fn gzip_of_spaces(mebibytes: usize) -> Bytes {
    let head = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut bits = Bits { out: head, held: 0, count: 0 };
    bits.put(1, 1);
    bits.put(1, 2);
    // A literal space: codes of literals 0 to 143 begin at 0x30.
    bits.code(0x30 + 0x20, 8);
    let copies = mebibytes.saturating_mul(1_048_576) / 258;
    for _ in 0..copies {
        // Length 258 is symbol 285, whose code begins at 0xc0 for 280; distance one is code 0.
        bits.code(0xc0 + 5, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    bits.put(0, 7);
    bits.out.extend_from_slice(&[0; 8]);
    Bytes::from(bits.out)
}
