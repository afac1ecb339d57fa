//! An axum route that does nothing: what HTTP alone costs here, directly or, as
//! the `handler` of an app folder, behind the host stand-in.

use std::net::Ipv4Addr;
use std::path::Path;

use axum::Router;
use axum::routing::any;
use serde_json::json;
use tokio::net::TcpListener;

use crate::failure::{Done, Failure};
use crate::programs::{end_with_stdin, write_whole};

pub use azimuth_stack::start::PORT_VARIABLE;

/// As a program of its own.
pub async fn serve(info: &Path) -> Done {
    end_with_stdin();
    let listener = listen(0).await?;
    let address = listener.local_addr().map_err(Failure::io("listen"))?;
    write_whole(info, &json!({"address": address.to_string()}))?;
    answer(listener).await
}

/// As a handler, until the host ends it.
pub async fn serve_as_handler(port: u16) -> Done {
    answer(listen(port).await?).await
}

async fn listen(port: u16) -> Done<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(Failure::io("listen"))
}

async fn answer(listener: TcpListener) -> Done {
    let router = Router::new().fallback(any(|| async { "{}" }));
    axum::serve(listener, router)
        .await
        .map_err(Failure::io("serve"))
}
