//! Figures in as few characters as a column has.

/// A count or a rate: `7`, `1.3k`, `24M`.
pub(super) fn number(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 9.995e8 => (value / 1e9, "G"),
        v if v >= 9.995e5 => (value / 1e6, "M"),
        v if v >= 9_999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    match scaled.abs() {
        v if unit.is_empty() && (v >= 99.95 || v.fract() == 0.0) => format!("{scaled:.0}"),
        v if v >= 99.95 => format!("{scaled:.0}{unit}"),
        _ => format!("{scaled:.1}{unit}"),
    }
}

/// A whole number.
#[expect(clippy::cast_precision_loss, reason = "shown in four digits")]
pub(super) fn count(value: u64) -> String {
    number(value as f64)
}

/// A share of one: `12.5%`.
pub(super) fn share(value: f64) -> String {
    format!("{:.1}%", value * 100.0)
}

/// A stretch of time: `45s`, `12m05s`, `3h20m`, `4d02h`.
pub(super) fn age(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what is shown"
    )]
    let whole = seconds.clamp(0.0, 1e9) as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        3600..86_400 => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
        _ => format!("{}d{:02}h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// How long something took: `850µs`, `12ms`, `1.20s`.
pub(super) fn latency(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(took) if took < 0.001 => format!("{:.0}µs", took * 1e6),
        Some(took) if took < 1.0 => format!("{:.0}ms", took * 1e3),
        Some(took) => format!("{took:.2}s"),
    }
}

/// Memory: `512K`, `48.2M`, `1.5G`.
pub(super) fn bytes(value: f64) -> String {
    const K: f64 = 1024.0;
    match value {
        v if v >= K * K * K => format!("{:.1}G", v / (K * K * K)),
        v if v >= K * K => format!("{:.1}M", v / (K * K)),
        v => format!("{:.0}K", v / K),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stay_short() {
        let numbers = [0.0, 7.0, 7.25, 99.96, 1234.0, 9_999.6, 24_000_000.0, 999_600_000.0];
        let shown = numbers.map(number);
        assert_eq!(shown, ["0", "7", "7.2", "100", "1234", "10.0k", "24.0M", "1.0G"]);
        let ages = [0.4, 59.9, 60.0, 3599.0, 3600.0, 90_000.0].map(age);
        assert_eq!(ages, ["0s", "59s", "1m00s", "59m59s", "1h00m", "1d01h"]);
        let took = [None, Some(0.000_85), Some(0.0124), Some(1.2)].map(latency);
        assert_eq!(took, ["-", "850µs", "12ms", "1.20s"]);
        assert_eq!([512.0 * 1024.0, 50_540_000.0, 1.6e9].map(bytes), ["512K", "48.2M", "1.5G"]);
        assert_eq!(share(0.125), "12.5%");
    }
}
