//! What the vector kernels share: GB, and P where the words come as they lie in a column.

/// Defines, over vectors of type `$vector` and with the target features `$features`:
///
/// - `half_round`, four GB (RFC 9106 section 3.6) in each 64-bit element;
/// - `permute_pairs`, P on the 16 words that `x` holds in twos per 128 bits.
///
/// From the module around it come `multiply_add`, `xor`, `rotate_32`, `rotate_24`, `rotate_16`,
/// `rotate_63`, and `straddle(low, high)`: per 128 bits the upper word of `low`, then the lower
/// word of `high`.
///
/// A macro and not a trait, because a method of a trait takes no target features.
macro_rules! define_rounds {
    ($vector:ty, $features:literal) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn half_round<const CHAINS: usize>(
            a: &mut [$vector; CHAINS],
            b: &mut [$vector; CHAINS],
            c: &mut [$vector; CHAINS],
            d: &mut [$vector; CHAINS],
        ) {
            // Chains of dependent steps side by side.
            for i in 0..CHAINS {
                a[i] = multiply_add(a[i], b[i]);
            }
            for i in 0..CHAINS {
                d[i] = rotate_32(xor(d[i], a[i]));
            }
            for i in 0..CHAINS {
                c[i] = multiply_add(c[i], d[i]);
            }
            for i in 0..CHAINS {
                b[i] = rotate_24(xor(b[i], c[i]));
            }
            for i in 0..CHAINS {
                a[i] = multiply_add(a[i], b[i]);
            }
            for i in 0..CHAINS {
                d[i] = rotate_16(xor(d[i], a[i]));
            }
            for i in 0..CHAINS {
                c[i] = multiply_add(c[i], d[i]);
            }
            for i in 0..CHAINS {
                b[i] = rotate_63(xor(b[i], c[i]));
            }
        }

        #[inline]
        #[target_feature(enable = $features)]
        fn permute_pairs(x: [$vector; 8]) -> [$vector; 8] {
            let [a0, a1, b0, b1, c0, c1, d0, d1] = x;
            let (mut a, mut b, mut c, mut d) = ([a0, a1], [b0, b1], [c0, c1], [d0, d1]);
            half_round(&mut a, &mut b, &mut c, &mut d);
            // Diagonals to columns: b by one word, c by two, d by three.
            b = [straddle(b[0], b[1]), straddle(b[1], b[0])];
            c = [c[1], c[0]];
            d = [straddle(d[1], d[0]), straddle(d[0], d[1])];
            half_round(&mut a, &mut b, &mut c, &mut d);
            b = [straddle(b[1], b[0]), straddle(b[0], b[1])];
            c = [c[1], c[0]];
            d = [straddle(d[0], d[1]), straddle(d[1], d[0])];
            [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
        }
    };
}

pub(super) use define_rounds;
