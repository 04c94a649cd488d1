//! Text inside of an SVG file.

/// With the five characters that XML keeps for itself written as it wants them.
pub fn escaped(content: &str) -> String {
    let mut text = String::new();
    for character in content.chars() {
        match character {
            '&' => text += "&amp;",
            '<' => text += "&lt;",
            '>' => text += "&gt;",
            '"' => text += "&quot;",
            '\'' => text += "&apos;",
            other => text.push(other),
        }
    }
    text
}

/// A text element whose place is in the units of the picture.
pub fn text(class: &str, x: f64, y: f64, content: &str) -> String {
    format!(
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n",
        escaped(content)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_keeps_for_itself_is_escaped() {
        assert_eq!(
            escaped("Plan<'a> & \"b\""),
            "Plan&lt;&apos;a&gt; &amp; &quot;b&quot;"
        );
    }
}
