//! Makes the built-in catalogue of the Azure MCP Server from its full tool list.
//!
//! ```text
//! cargo run -p azimuth-mcp --example pin_catalogue -- tools.json 3.0.0 \
//!     > handlers/mcp/catalogue/azure-3.0.0.json
//! ```
//! `tools.json` holds the array `tools` of the answer to `tools/list` of
//! `azmcp server start --mode all --disable-proxy-tools`. The same list gives the
//! same file, byte for byte.

use std::error::Error;

use azimuth_mcp::catalogue::rules::{ListedTool, pin, unknown_names};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(version), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: pin_catalogue <tools.json> <version>".into());
    };
    let mut tools: Vec<ListedTool> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    tools.sort_by(|a, b| a.name.cmp(&b.name));
    let unknown = unknown_names(&tools);
    if !unknown.is_empty() {
        return Err(format!("rules name tools that the list lacks: {unknown:?}").into());
    }
    println!("{{\"server\":\"azure\",\"version\":\"{version}\",\"tools\":[");
    for (i, tool) in tools.iter().enumerate() {
        let comma = if i + 1 < tools.len() { "," } else { "" };
        println!("{}{comma}", serde_json::to_string(&pin(tool))?);
    }
    println!("]}}");
    Ok(())
}
