/// A random GUID (version 4) in lower case.
pub fn guid() -> String {
    let bits = (rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// A W3C trace context with a fresh span. `parent`, if it is a valid one, gives
/// the trace id and the flags; else both are fresh, and the trace is sampled.
pub fn traceparent(parent: Option<&str>) -> String {
    let (trace, flags) = parent.and_then(parse_traceparent).map_or_else(
        || (format!("{:032x}", rand::random::<u128>() | 1), "01"),
        |(trace, flags)| (trace.to_owned(), flags),
    );
    format!("00-{trace}-{:016x}-{flags}", rand::random::<u64>() | 1)
}

fn parse_traceparent(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let valid = parts.next().is_none()
        && version == "00"
        && is_hex(trace, 32)
        && is_hex(span, 16)
        && is_hex(flags, 2)
        && trace.bytes().any(|b| b != b'0')
        && span.bytes().any(|b| b != b'0');
    valid.then_some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_a_version_4_uuid() {
        let id = guid();
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, guid());
    }

    #[test]
    fn a_trace_goes_on_with_a_fresh_span() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        let child = traceparent(Some(parent));
        assert_eq!(&child[..36], &parent[..36]);
        assert_ne!(child[36..52], parent[36..52]);
        assert!(child.ends_with("-00"));
        for bad in ["", "00-0-0-0", "garbage"] {
            assert!(parse_traceparent(&traceparent(Some(bad))).is_some());
        }
    }
}
