//! `long double` and `double`, without a Rust type for the former.

/// Bytes of a `long double` that carry meaning.
const SIGNIFICANT: usize = 10;

/// Writes `value` as a `long double` to `at`.
///
/// # Safety
/// `at` has room for a `long double`.
pub(crate) unsafe fn write(at: *mut u8, value: f64) {
    if cfg!(target_arch = "x86_64") {
        let image = extended_from(value);
        // SAFETY: the caller's promise; 16 bytes on this machine.
        unsafe { at.copy_from(image.as_ptr(), SIGNIFICANT) }
    } else {
        // SAFETY: as above; here a `long double` is at least as large as a `double`.
        unsafe { at.cast::<f64>().write_unaligned(value) }
    }
}

/// Reads the `long double` at `at`, rounded to the nearest `double`.
///
/// # Safety
/// `at` holds a `long double`.
pub(crate) unsafe fn read(at: *const u8) -> f64 {
    if cfg!(target_arch = "x86_64") {
        let mut image = [0; SIGNIFICANT];
        // SAFETY: the caller's promise.
        unsafe { image.as_mut_ptr().copy_from(at, SIGNIFICANT) };
        double_from(&image)
    } else {
        // SAFETY: as above.
        unsafe { at.cast::<f64>().read_unaligned() }
    }
}

const DOUBLE_BIAS: i32 = 1023;
const EXTENDED_BIAS: i32 = 16383;

/// The x87 form: 64 bits of significand with an explicit first one, 15 of exponent, a sign.
fn extended_from(value: f64) -> [u8; SIGNIFICANT] {
    let bits = value.to_bits();
    let sign = ((bits >> 63) as u16) << 15;
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (exponent, significand) = match (exponent, fraction) {
        (0, 0) => (0, 0),
        (0, _) => {
            // A subnormal double is a normal extended number.
            let shift = fraction.leading_zeros();
            (
                EXTENDED_BIAS - DOUBLE_BIAS + 12 - shift as i32,
                fraction << shift,
            )
        }
        (0x7ff, _) => (0x7fff, (1 << 63) | (fraction << 11)),
        _ => (
            exponent - DOUBLE_BIAS + EXTENDED_BIAS,
            (1 << 63) | (fraction << 11),
        ),
    };
    let mut image = [0; SIGNIFICANT];
    image[..8].copy_from_slice(&u64::to_le_bytes(significand));
    image[8..].copy_from_slice(&u16::to_le_bytes(sign | exponent as u16));
    image
}

fn double_from(image: &[u8; SIGNIFICANT]) -> f64 {
    let mut low = [0; 8];
    low.copy_from_slice(&image[..8]);
    let significand = u64::from_le_bytes(low);
    let high = u16::from_le_bytes([image[8], image[9]]);
    let sign = if high & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(high & 0x7fff);
    if exponent == 0x7fff {
        let infinite = significand << 1 == 0;
        return if infinite {
            sign * f64::INFINITY
        } else {
            f64::NAN.copysign(sign)
        };
    }
    // The conversion rounds to nearest; scaling by powers of two is exact unless it is subnormal.
    let scale = exponent - EXTENDED_BIAS - 63;
    let mut value = sign * significand as f64;
    let mut left = scale;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        value *= 2f64.powi(step);
        left -= step;
        if value == 0.0 || value.is_infinite() {
            break;
        }
    }
    value
}
