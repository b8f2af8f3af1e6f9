//! The story of README.md, told by tracing-subscriber's JSON format with events at a span's end.
use tracing::{debug, error, info, info_span, warn};
use tracing_subscriber::fmt::format::FmtSpan;

fn main() {
    tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_file(true)
        .with_line_number(true)
        .with_span_events(FmtSpan::CLOSE)
        .init();
    let span = info_span!(
        "checkout",
        trace_id = "0af7651916cd43dd8448eb211c80319c",
        span_id = "b7ad6b7169203331"
    );
    let _entered = span.entered();
    info!(user = "Jürgen ☃", items = 3, total = 12.5, address.city = "Köln", "order placed");
    warn!(left = 1, "stock low");
    let declined = std::io::Error::other("card declined");
    error!(error = &declined as &dyn std::error::Error, "payment failed");
    debug!(warm = false, "cache miss");
}
