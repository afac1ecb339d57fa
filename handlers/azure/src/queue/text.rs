//! A message's text on its way to the service, which takes XML.

use azimuth_ports::queue::QueueError;
use azure_core::Bytes;

/// The body of a request that adds `body`. White space of every kind is written
/// as a reference where a parser would change it. What XML 1.0 cannot hold at all
/// is refused: the service would refuse it too, or change it.
pub(super) fn message(body: &str) -> Result<Bytes, QueueError> {
    let mut xml = String::with_capacity(body.len() + 128);
    xml.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessage><MessageText>");
    for character in body.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // Else it is read as the end of a line.
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                return Err(QueueError::Refused(format!(
                    "a message cannot hold the character U+{:04X}",
                    u32::from(character)
                )));
            }
            _ => xml.push(character),
        }
    }
    xml.push_str("</MessageText></QueueMessage>");
    Ok(xml.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_xml_means_something_by_is_escaped() {
        let xml = message("<a b=\"c\">&\r\n\t서울😀").unwrap();
        let xml = std::str::from_utf8(&xml).unwrap();
        let text = xml.split_once("<MessageText>").unwrap().1;
        let text = text.strip_suffix("</MessageText></QueueMessage>").unwrap();
        assert_eq!(text, "&lt;a b=\"c\"&gt;&amp;&#13;\n\t서울😀");
    }

    #[test]
    fn what_xml_cannot_hold_is_refused_by_name() {
        for (body, named) in [
            ("a\0", "U+0000"),
            ("\u{1b}[0m", "U+001B"),
            ("\u{ffff}", "U+FFFF"),
        ] {
            let refused = message(body).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
        for body in ["", "\u{7f}", "\u{85}", "\u{fffd}", "\u{10ffff}"] {
            assert!(message(body).is_ok(), "{body:?}");
        }
    }
}
