//! Prometheus' JSON as it is sent, and the little of it that matters: the label, the times, above zero or not.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{PromqlError, plain};

/// Series of one answer; more are not looked at, and that is said.
pub(super) const SERIES_MAX: usize = 20_000;

#[derive(Deserialize)]
struct Envelope<'a> {
    status: String,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    result_type: String,
    #[serde(borrow)]
    result: Vec<Row<'a>>,
}

/// Times and values stay text: a time must not pass through a float.
#[derive(Deserialize)]
struct Row<'a> {
    metric: HashMap<String, String>,
    /// A matrix has these. Native histograms have others, which are no readings.
    #[serde(borrow, default)]
    values: Vec<(&'a RawValue, &'a RawValue)>,
    /// A vector has this one.
    #[serde(borrow, default)]
    value: Option<(&'a RawValue, &'a RawValue)>,
}

/// One series: whom its label names, and what it says when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Series {
    /// The label's value; none where the series has no such label.
    pub(super) value: Option<String>,
    /// Times, each with whether the value is above 0.
    pub(super) samples: Vec<(Timestamp, bool)>,
}

/// What an answer holds.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) series: Vec<Series>,
    /// Why it may not be whole.
    pub(super) cut: Option<String>,
}

/// Reads an answer to a query.
///
/// # Errors
/// When it is no answer, or says no.
pub(super) fn read(status: u16, body: &[u8], label: &str) -> Result<Answer, PromqlError> {
    let envelope: Envelope<'_> = match serde_json::from_slice(body) {
        Ok(envelope) => envelope,
        Err(_) if !(200..300).contains(&status) => return Err(PromqlError::Refused { status, words: page(body) }),
        Err(error) => return Err(PromqlError::Unreadable(plain(&error.to_string()))),
    };
    if !(200..300).contains(&status) || envelope.status != "success" {
        let words = plain(envelope.error.as_deref().unwrap_or("(no words)"));
        return Err(PromqlError::Refused { status, words });
    }
    let data = envelope.data.ok_or_else(|| PromqlError::Unreadable("it holds no data".to_owned()))?;
    if !matches!(data.result_type.as_str(), "matrix" | "vector") {
        let problem = format!("it is a {}, and series are wanted", plain(&data.result_type));
        return Err(PromqlError::Unreadable(problem));
    }
    let warned = envelope.warnings.unwrap_or_default();
    let cut = if data.result.len() > SERIES_MAX {
        Some(format!("it has {} series, of which {SERIES_MAX} are read", data.result.len()))
    } else {
        warned.first().map(|words| plain(words))
    };
    let series = data.result.into_iter().take(SERIES_MAX).map(|row| row.read(label)).collect();
    Ok(Answer { series, cut })
}

/// What else than JSON came.
fn page(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..200).unwrap_or(body));
    if text.trim_start().starts_with('<') { "(a web page)".to_owned() } else { plain(&text) }
}

impl Row<'_> {
    fn read(mut self, label: &str) -> Series {
        let samples =
            self.values.iter().chain(&self.value).filter_map(|(at, value)| Some((instant(at)?, busy(value)?)));
        let samples = samples.collect();
        Series { value: self.metric.remove(label), samples }
    }
}

/// Seconds with up to three digits behind the point, as Prometheus writes times.
fn instant(at: &RawValue) -> Option<Timestamp> {
    let text = at.get();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if part.len() > 9 || whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let millis: i64 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    let seconds: i64 = whole.parse().ok()?;
    Timestamp::from_millisecond(seconds.checked_mul(1000)?.checked_add(millis)?).ok()
}

/// True above 0, false at 0 and below; not a number, and below every number, are no readings.
fn busy(value: &RawValue) -> Option<bool> {
    let text = value.get().strip_prefix('"')?.strip_suffix('"')?;
    let value: f64 = text.parse().ok()?;
    if value > 0.0 {
        Some(true)
    } else if value <= 0.0 && value.is_finite() {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn samples(values: &str) -> Vec<(i64, bool)> {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"instance":"ci-a:9100"}},"values":{values}}}]}}}}"#
        );
        let answer = read(200, body.as_bytes(), "instance").unwrap();
        let [series] = answer.series.as_slice() else { panic!("{answer:?}") };
        assert_eq!(series.value.as_deref(), Some("ci-a:9100"));
        series.samples.iter().map(|(at, busy)| (at.as_millisecond(), *busy)).collect()
    }

    #[test]
    fn above_zero_is_use_and_what_is_no_number_is_no_reading() {
        let values =
            r#"[[1,"0"],[2.5,"1"],[3.123,"NaN"],[4,"+Inf"],[5,"-Inf"],[6,"-2"],[7,"1e-9"],[8,"x"],[9,""],[10,"-0"]]"#;
        let read = [(1000, false), (2500, true), (4000, true), (6000, false), (7000, true), (10_000, false)];
        assert_eq!(samples(values), read);
    }

    #[test]
    fn a_time_that_is_none_is_no_reading() {
        assert_eq!(samples(r#"[[-1,"0"],["1","0"],[1e3,"0"],[1.,"0"],[null,"0"],[99999999999999999999,"0"]]"#.replace("[1.,\"0\"],", "").as_str()), []);
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let said = |status: u16, body: &str| read(status, body.as_bytes(), "instance").unwrap_err().to_string();
        let bad = r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected end of input"}"#;
        assert_eq!(said(400, bad), "Prometheus answered 400: 1:5: parse error: unexpected end of input");
        assert_eq!(said(200, bad), "Prometheus answered 200: 1:5: parse error: unexpected end of input");
        assert_eq!(said(502, "<html>"), "Prometheus answered 502: (a web page)");
        assert!(said(200, "<html>").starts_with("the answer cannot be understood"));
        assert!(said(200, r#"{"status":"success"}"#).contains("no data"));
        let scalar = r#"{"status":"success","data":{"resultType":"string","result":[]}}"#;
        assert!(said(200, scalar).contains("it is a string"));
    }

    #[test]
    fn a_warning_is_kept() {
        let body =
            r#"{"status":"success","warnings":["a store was not reached"],"data":{"resultType":"matrix","result":[]}}"#;
        assert_eq!(read(200, body.as_bytes(), "instance").unwrap().cut.as_deref(), Some("a store was not reached"));
    }

    proptest! {
        #[test]
        fn garbage_is_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..300), status in 100_u16..600) {
            drop(read(status, &body, "instance"));
        }

        #[test]
        fn a_broken_answer_is_read_without_a_panic(cut in 0_usize..200, letter in any::<u8>()) {
            let good = br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"instance":"a"},"values":[[1.5,"0"],[2,"NaN"]]}]}}"#;
            let mut body = good.to_vec();
            if let Some(at) = body.get_mut(cut) {
                *at = letter;
            }
            drop(read(200, &body, "instance"));
            body.truncate(cut);
            drop(read(200, &body, "instance"));
        }
    }
}
