//! What providers of exchange rates say.

use serde_json::{Value, json};

/// An answer of the chart endpoint: daily closes, the first on `first_day` (seconds since 1970, midnight UTC).
pub fn chart(first_day: i64, closes: &[Option<f64>]) -> Value {
    let timestamps: Vec<i64> = (0..).map(|day| first_day + day * 86_400).take(closes.len()).collect();
    json!({"chart": {"result": [{
        "meta": {"currency": "USD", "gmtoffset": 0, "timezone": "GMT", "exchangeTimezoneName": "Europe/London",
                 "instrumentType": "CURRENCY", "dataGranularity": "1d"},
        "timestamp": timestamps,
        "indicators": {"quote": [{"close": closes, "open": closes, "volume": vec![0; closes.len()]}],
                       "adjclose": [{"adjclose": closes}]},
    }], "error": null}})
}

/// An error of the chart endpoint.
pub fn chart_error(code: &str, description: &str) -> Value {
    json!({"chart": {"result": null, "error": {"code": code, "description": description}}})
}

/// An error of Open Exchange Rates.
pub fn oxr_error(status: u16, message: &str, description: &str) -> Value {
    json!({"error": true, "status": status, "message": message, "description": description})
}
