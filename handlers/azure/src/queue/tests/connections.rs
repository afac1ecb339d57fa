//! Settings of a connection.

use super::super::connection::{Access, AccountKey, ConnectionError, QueueConnection};
use super::{NAME, connection};

const KEY: &str = "c2VjcmV0LWtleQ==";

fn read(settings: &[(&str, &str)]) -> Result<QueueConnection, String> {
    QueueConnection::from_settings(NAME, |name| {
        settings
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
    .map_err(|error| error.to_string())
}

fn address(connection: &QueueConnection) -> &str {
    connection.endpoint.as_str().trim_end_matches('/')
}

#[test]
fn azurite_s_own_account_has_a_short_form() {
    for text in [
        "UseDevelopmentStorage=true",
        " usedevelopmentstorage = TRUE ; ",
    ] {
        let connection = connection(text);
        assert_eq!(
            address(&connection),
            "http://127.0.0.1:10001/devstoreaccount1"
        );
        assert!(connection.is_on_this_machine());
    }
}

#[test]
fn a_connection_string_names_account_key_and_service() {
    let at = |rest: &str| {
        let connection = connection(&format!("AccountName=acc1;AccountKey={KEY};{rest}"));
        assert_eq!(
            connection.access,
            Access::SharedKey(AccountKey {
                account: "acc1".to_owned(),
                key: b"secret-key".to_vec(),
            })
        );
        (
            address(&connection).to_owned(),
            connection.is_on_this_machine(),
        )
    };
    let local = ("http://127.0.0.1:9/acc1".to_owned(), true);
    assert_eq!(
        at("DefaultEndpointsProtocol=http;QueueEndpoint=http://127.0.0.1:9/acc1;"),
        local
    );
    // Addresses of the account's other services are of no interest, nor is a slash.
    assert_eq!(
        at(
            "BlobEndpoint=http://127.0.0.1:8/acc1;QueueEndpoint=http://127.0.0.1:9/acc1/;TableEndpoint=x"
        ),
        local
    );
    assert_eq!(
        at("EndpointSuffix=storage.example.invalid"),
        (
            "https://acc1.queue.storage.example.invalid".to_owned(),
            false
        )
    );
    assert_eq!(
        at("QueueEndpoint=https://queues.example.invalid;EndpointSuffix=other.invalid"),
        ("https://queues.example.invalid".to_owned(), false)
    );
}

#[test]
fn a_connection_string_that_cannot_be_used_says_why_and_shows_no_secret() {
    let full = |rest: &str| format!("AccountName=acc1;AccountKey={KEY};{rest}");
    let local = "QueueEndpoint=http://127.0.0.1:9/acc1";
    for (text, told) in [
        (full(KEY), "a field that is none of"),
        (
            KEY.to_owned(),
            "a field that is none of DefaultEndpointsProtocol, AccountName",
        ),
        ("nonsense".to_owned(), "name=value"),
        (
            "UseDevelopmentStorage=false".to_owned(),
            "must be true and stand alone",
        ),
        (
            "UseDevelopmentStorage=true;AccountName=a".to_owned(),
            "must be true and stand alone",
        ),
        (
            format!("AccountKey={KEY};{local}"),
            "AccountName is missing",
        ),
        (format!("AccountName=acc1;{local}"), "AccountKey is missing"),
        (
            format!("AccountName=acc1;AccountKey=;{local}"),
            "AccountKey is missing",
        ),
        (
            format!("AccountName=acc1;AccountKey=secret-key!;{local}"),
            "AccountKey is not base64",
        ),
        (
            format!("AccountName=a/c;AccountKey={KEY};{local}"),
            "letters and digits",
        ),
        (full(""), "neither QueueEndpoint nor EndpointSuffix"),
        (
            full(&format!("{local};{local}")),
            "QueueEndpoint is there twice",
        ),
        (
            full(&format!("{local};QueueEndPiont=x")),
            "a field that is none of",
        ),
        (
            full("DefaultEndpointsProtocol=http;EndpointSuffix=s.example.invalid"),
            "over https",
        ),
        (full("QueueEndpoint=http://10.0.0.1/acc1"), "over https"),
        (
            full("QueueEndpoint=http://127.0.0.1.example.invalid/acc1"),
            "over https",
        ),
        (full("QueueEndpoint=ftp://127.0.0.1/acc1"), "no http(s)"),
        (full("QueueEndpoint=acc1"), "no http(s) address"),
        (
            full("QueueEndpoint=https://user:word@queues.example.invalid"),
            "host and path",
        ),
        (
            full("QueueEndpoint=https://queues.example.invalid?sig=secret-key"),
            "host and path",
        ),
        (
            "SharedAccessSignature=sig;QueueEndpoint=https://queues.example.invalid".to_owned(),
            "SharedAccessSignature is not supported",
        ),
    ] {
        let error = read(&[(NAME, &text)]).unwrap_err();
        assert!(error.starts_with("AzureWebJobsStorage: "), "{error}");
        assert!(error.contains(told), "{text}: {error}");
        for secret in [KEY, "secret-key", "c2vjcmv0", "word"] {
            assert!(!error.contains(secret), "{text}: {error}");
        }
    }
}

#[test]
fn a_managed_identity_needs_no_more_than_the_address() {
    let uri = (
        "AzureWebJobsStorage__queueServiceUri",
        "https://q.example.invalid/",
    );
    let system = read(&[uri]).unwrap();
    assert_eq!(address(&system), "https://q.example.invalid");
    assert_eq!(system.access, Access::ManagedIdentity { client_id: None });
    assert!(!system.is_on_this_machine());

    let assigned = read(&[
        // As the example file has it.
        (NAME, ""),
        uri,
        ("AzureWebJobsStorage__credential", "ManagedIdentity"),
        ("AzureWebJobsStorage__clientId", "id-1"),
    ]);
    let client_id = Some("id-1".to_owned());
    assert_eq!(
        assigned.unwrap().access,
        Access::ManagedIdentity { client_id }
    );
}

#[test]
fn a_connection_string_goes_before_an_identity() {
    let both = read(&[
        (NAME, "UseDevelopmentStorage=true"),
        (
            "AzureWebJobsStorage__queueServiceUri",
            "https://q.example.invalid",
        ),
    ]);
    assert!(both.unwrap().is_on_this_machine());
}

#[test]
fn an_identity_that_cannot_be_used_names_the_setting() {
    let uri = "AzureWebJobsStorage__queueServiceUri";
    for (settings, told) in [
        (
            vec![(uri, "http://127.0.0.1:9/acc1")],
            "AzureWebJobsStorage__queueServiceUri: a token is sent over https only",
        ),
        (
            vec![("AzureWebJobsStorage__accountName", "acc1")],
            "AzureWebJobsStorage__accountName: is not enough here: set AzureWebJobsStorage__queueServiceUri",
        ),
        (
            vec![(uri, "q.example.invalid")],
            "AzureWebJobsStorage__queueServiceUri: the queue service's address is no http(s) address",
        ),
        (
            vec![
                (uri, "https://q.example.invalid"),
                ("AzureWebJobsStorage__credential", "clientsecret"),
            ],
            "AzureWebJobsStorage__credential: must be managedidentity, or be left out",
        ),
    ] {
        assert_eq!(read(&settings).unwrap_err(), told);
    }
    let missing = QueueConnection::from_settings(NAME, |_| None);
    assert_eq!(missing, Err(ConnectionError::Missing(NAME.to_owned())));
    let told = read(&[(NAME, " ")]).unwrap_err();
    assert!(told.contains("UseDevelopmentStorage=true"), "{told}");
    assert!(told.contains(uri), "{told}");
}

#[test]
fn debug_shows_no_key() {
    let shown = format!(
        "{:?}",
        connection(&format!(
            "AccountName=a;AccountKey={KEY};QueueEndpoint=http://127.0.0.1:9/a"
        ))
    );
    assert!(
        !shown.contains("secret") && !shown.contains("115"),
        "{shown}"
    );
}
