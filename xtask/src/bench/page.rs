//! What the checker page costs who opens it: what is downloaded, how soon it can be used, and how long a verdict takes.
//!
//! The times are Chromium's own; it can make its CPU four times slower. They are no ratios of two programs: the page is
//! held against what people notice.

use std::{error::Error, path::Path, time::Duration};

use super::table::Row;
use crate::{
    e2e::web::{chromium, measure},
    web::{self, SIZE_LIMIT},
};

/// Who waits longer for a page loses the thread.
const SECOND: Duration = Duration::from_secs(1);
/// One of sixty in a second.
const FRAME: Duration = Duration::from_micros(16_667);

/// The rows; without Chromium, that of the size alone.
pub(super) fn page(root: &Path, binary: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let built = web::build(root)?;
    let size = Row::megabytes("size: the checker page after gzip -9", built.gzipped.try_into()?)
        .at_most(megabytes(SIZE_LIMIT));
    if let Err(missing) = chromium() {
        println!("The page's times are not measured: {missing}");
        return Ok(vec![size]);
    }
    let measured: serde_json::Value = serde_json::from_str(&measure(root, binary, built)?)?;
    let time = |name: &str| -> Result<Duration, Box<dyn Error>> {
        let milliseconds = measured[name]
            .as_f64()
            .ok_or_else(|| format!("{name} was not measured"))?;
        Ok(Duration::try_from_secs_f64(milliseconds / 1000.0)?)
    };
    Ok(vec![
        size,
        Row::ratio(
            "time: until the page can be used, CPU 4 times slower / 1 s",
            time("ready")?,
            SECOND,
        )
        .at_most(1.0),
        Row::ratio("time: from a key to its verdict / one frame", time("verdict")?, FRAME).at_most(1.0),
        Row::ratio("the same, CPU 4 times slower", time("verdictSlower")?, FRAME),
    ])
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
