//! Changes single values in files that people write, and leaves every other byte as it is. What isn't found as
//! expected is an error: half a manifest would be worse than none.

/// Replaces what stands between `before` and `end`, which is there once.
pub(super) fn after(text: &str, before: &str, end: &str, value: &str) -> Result<String, String> {
    let mut found = text.match_indices(before);
    let (Some((at, _)), None) = (found.next(), found.next()) else {
        return Err(format!("{:?} is not there once", before.trim()));
    };
    let start = at + before.len();
    let length = text[start..]
        .find(end)
        .ok_or_else(|| format!("{:?} has no end", before.trim()))?;
    Ok([&text[..start], value, &text[start + length..]].concat())
}

/// Sets the default of a component's input, which stands in double quotes on a line of its own.
pub(super) fn input_default(template: &str, input: &str, value: &str) -> Result<String, String> {
    let before = format!("\n    {input}:\n");
    let at = template
        .find(&before)
        .ok_or_else(|| format!("there is no input {input}"))?;
    let (head, tail) = template.split_at(at + before.len());
    // The input's own lines are indented deeper than its name.
    let length: usize = tail
        .split_inclusive('\n')
        .take_while(|line| line.starts_with("      "))
        .map(str::len)
        .sum();
    let (own, rest) = tail.split_at(length);
    let own = after(&format!("\n{own}"), "\n      default: \"", "\"\n", value)
        .map_err(|error| format!("input {input}: {error}"))?;
    Ok([head, &own[1..], rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "spec:
  inputs:
    version:
      description: Release, by default: \"\".
      default: \"\"
      regex: ^x$
    sha256-linux:
      default: \"abc\"
---
job:
    version:
      default: \"\"
";

    #[test]
    fn a_default_is_set_and_nothing_else_changes() {
        let set = input_default(TEMPLATE, "version", "1.2.3").unwrap();
        let expected = TEMPLATE.replacen("      default: \"\"\n", "      default: \"1.2.3\"\n", 1);
        assert_eq!(set, expected);
        let back = input_default(&set, "version", "").unwrap();
        assert_eq!(back, TEMPLATE);
    }

    #[test]
    fn an_input_that_is_not_there_is_said() {
        let error = input_default(TEMPLATE, "sha256-macos", "x").unwrap_err();
        assert_eq!(error, "there is no input sha256-macos");
    }

    #[test]
    fn an_input_without_a_default_of_its_own_does_not_take_the_next_ones() {
        let template = TEMPLATE.replacen("      default: \"\"\n", "", 1);
        let error = input_default(&template, "version", "1.2.3").unwrap_err();
        assert_eq!(error, "input version: \"default: \\\"\" is not there once");
    }

    #[test]
    fn a_value_that_is_there_twice_is_not_guessed() {
        assert!(after("a=1 a=2 ", "a=", " ", "3").is_err());
        assert_eq!(after("b=1 a=2 ", "a=", " ", "3").unwrap(), "b=1 a=3 ");
    }
}
