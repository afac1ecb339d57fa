//! Moments as Azure's services want them in `x-ms-date`.

use azimuth_domain::time::Timestamp;
use azure_core::time::{OffsetDateTime, to_rfc7231};

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000));
    to_rfc7231(&at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_written_as_http_wants_it() {
        let at = Timestamp(784_111_777_999);
        assert_eq!(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(Timestamp(i64::MIN)), http_date(Timestamp(0)));
    }
}
