//! Secrets of known forms, each around one word that must not come out.

/// The word.
pub const CORE: &str = "CanaryZq9f3a1c5e7b9d2";

/// One secret of every form that the redactor knows, each with the word inside.
pub fn all() -> Vec<String> {
    let padded = |length: usize| format!("{CORE}{}", "aB3d".repeat(24))[..length].to_owned();
    vec![
        format!("Password={CORE};"),
        format!("AccountKey={}==;", padded(86)),
        format!("eyJ{CORE}.eyJ{CORE}.{CORE}"),
        format!("Authorization: Bearer {CORE}"),
        format!("https://st.blob.core.windows.net/c?sv=1&sig={CORE}%3D"),
        format!("https://user:{CORE}@host.example/path"),
        format!("-----BEGIN PRIVATE KEY-----\n{CORE}\n-----END PRIVATE KEY-----"),
        format!("npm_{}", padded(36)),
        format!("client_secret={CORE}"),
        format!("{{\"apiKey\":\"{CORE}\"}}"),
        format!("SharedAccessKeyName=n;SharedAccessKey={CORE};"),
        format!("refresh_token={CORE}"),
    ]
}
