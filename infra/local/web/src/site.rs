use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, LOCATION, VARY,
};
use http::{Method, Response, StatusCode, request::Parts};
use tokio::task::spawn_blocking;

use crate::config::{Action, ConfigFile, Origins, PATH, SiteConfig};
use crate::encoding::Encoding;
use crate::files::{CachedFile, FileCache};
use crate::log::Log;
use crate::media_type;
use crate::path::RequestPath;
use crate::server::StartError;

/// What a site is made of.
#[derive(Debug, Clone, Default)]
pub struct SiteOptions {
    /// The built folder.
    pub root: PathBuf,
    pub config: PathBuf,
    pub overlays: Vec<Overlay>,
    pub origins: Origins,
}

/// A path whose file lies outside the built folder: what belongs to one
/// environment, such as `/config.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    pub path: String,
    pub file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error("must be /PATH=FILE")]
pub struct NotAnOverlay;

impl FromStr for Overlay {
    type Err = NotAnOverlay;

    fn from_str(text: &str) -> Result<Self, NotAnOverlay> {
        let (path, file) = text.split_once('=').ok_or(NotAnOverlay)?;
        let is_plain = RequestPath::parse(path).is_ok_and(|parsed| parsed.as_str() == path);
        if !is_plain || path.ends_with('/') || file.is_empty() {
            return Err(NotAnOverlay);
        }
        Ok(Self {
            path: path.to_owned(),
            file: file.into(),
        })
    }
}

/// Decides what each request gets.
#[derive(Debug)]
pub struct Site {
    /// Without links, so that what lies below it can be told.
    root: PathBuf,
    config: ConfigFile,
    overlays: BTreeMap<String, PathBuf>,
    files: FileCache,
    log: Log,
}

/// A file that answers a request.
struct Found {
    file: Arc<CachedFile>,
    media_type: String,
}

impl Site {
    pub fn open(options: SiteOptions, log: Log) -> Result<Self, StartError> {
        let root = fs::canonicalize(&options.root).map_err(|error| StartError::Root {
            root: options.root.clone(),
            error,
        })?;
        if !root.is_dir() {
            return Err(StartError::Root {
                root,
                error: io::ErrorKind::NotADirectory.into(),
            });
        }
        for overlay in &options.overlays {
            fs::metadata(&overlay.file).map_err(|error| StartError::Overlay {
                file: overlay.file.clone(),
                error,
            })?;
        }
        let config = ConfigFile::open(options.config, options.origins, log.clone())?;
        Ok(Self {
            root,
            config,
            overlays: options
                .overlays
                .into_iter()
                .map(|overlay| (overlay.path, overlay.file))
                .collect(),
            files: FileCache::default(),
            log,
        })
    }

    pub async fn answer(self: &Arc<Self>, request: &Parts) -> Response<Bytes> {
        let config = self.config.current();
        if request.method != Method::GET && request.method != Method::HEAD {
            let mut answer = message(StatusCode::METHOD_NOT_ALLOWED, config.headers(None));
            let methods = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, methods);
            return answer;
        }
        let Ok(path) = RequestPath::parse(request.uri.path()) else {
            return self.refuse(request, &config, StatusCode::BAD_REQUEST).await;
        };
        let rule = config.rule(&request.method, path.as_str());
        let headers = config.headers(rule);
        let (target, status) = match rule.map(|rule| &rule.action) {
            None => (path.clone(), None),
            Some(Action::Redirect { to, status }) => return redirect(to, *status, headers),
            Some(Action::Serve {
                status: Some(status),
                rewrite: None,
            }) if status.is_client_error() || status.is_server_error() => {
                return self.refuse(request, &config, *status).await;
            }
            Some(Action::Serve { rewrite, status }) => {
                let target = rewrite.as_deref().map(RequestPath::parse);
                let Some(target) = target.unwrap_or(Ok(path.clone())).ok() else {
                    return self.refuse(request, &config, StatusCode::NOT_FOUND).await;
                };
                (target, *status)
            }
        };
        let mut found = self.find(&config, target).await;
        if let Ok(None) = found
            && let Some(fallback) = config.fallback(path.as_str())
            && let Ok(fallback) = RequestPath::parse(fallback)
        {
            found = self.find(&config, fallback).await;
        }
        match found {
            Ok(Some(found)) => {
                serve(request, found, status.unwrap_or(StatusCode::OK), headers).await
            }
            Ok(None) => self.refuse(request, &config, StatusCode::NOT_FOUND).await,
            Err(error) => {
                self.log.error(format_args!("{}: {error}", path.as_str()));
                message(StatusCode::INTERNAL_SERVER_ERROR, config.headers(None))
            }
        }
    }

    /// The answer to what cannot be served, with the global headers only: those of
    /// a rule are for the file that is not there.
    async fn refuse(
        self: &Arc<Self>,
        request: &Parts,
        config: &SiteConfig,
        status: StatusCode,
    ) -> Response<Bytes> {
        let headers = config.headers(None);
        match config
            .response_override(status.as_u16())
            .map(|found| &found.action)
        {
            Some(Action::Redirect { to, status }) => redirect(to, *status, headers),
            Some(Action::Serve {
                rewrite,
                status: other,
            }) => {
                let status = other.unwrap_or(status);
                let page = rewrite.as_deref().map(RequestPath::parse);
                if let Some(Ok(page)) = page
                    && let Ok(Some(found)) = self.find(config, page).await
                {
                    return serve(request, found, status, headers).await;
                }
                message(status, headers)
            }
            None => message(status, headers),
        }
    }

    /// The file itself, the page of that name, or the index below it.
    async fn find(
        self: &Arc<Self>,
        config: &SiteConfig,
        target: RequestPath,
    ) -> io::Result<Option<Found>> {
        let site = Arc::clone(self);
        let found = spawn_blocking(move || site.look(&target))
            .await
            .map_err(io::Error::other)??;
        Ok(found.map(|(path, file)| {
            let extension = media_type::extension(&path);
            let known = config.media_type(&extension);
            let media_type = known.unwrap_or(media_type::of(&extension)).to_owned();
            Found { file, media_type }
        }))
    }

    fn look(&self, target: &RequestPath) -> io::Result<Option<(PathBuf, Arc<CachedFile>)>> {
        if target.as_str().eq_ignore_ascii_case(PATH) {
            return Ok(None);
        }
        if let Some(file) = self.overlays.get(target.as_str()) {
            let loaded = self.files.load(file)?;
            // Its type is that of the path, wherever the file lies.
            return Ok(loaded.map(|loaded| (PathBuf::from(target.as_str()), loaded)));
        }
        let Some(path) = target.below(&self.root) else {
            return Ok(None);
        };
        let mut page = path.clone().into_os_string();
        page.push(".html");
        let is_folder = target.as_str().ends_with('/');
        let candidates = [
            (!is_folder).then(|| path.clone()),
            (path != self.root).then(|| PathBuf::from(page)),
            Some(path.join("index.html")),
        ];
        for candidate in candidates.into_iter().flatten() {
            // A link may lead anywhere; only what lies in the folder is served.
            let Ok(real) = fs::canonicalize(&candidate) else {
                continue;
            };
            if !real.starts_with(&self.root) {
                continue;
            }
            if let Some(loaded) = self.files.load(&real)? {
                return Ok(Some((candidate, loaded)));
            }
        }
        Ok(None)
    }

    /// Reads and compresses every text for browsers once, so that the first visitor
    /// does not wait for it.
    pub async fn warm(self: Arc<Self>) {
        let site = Arc::clone(&self);
        let Ok(files) = spawn_blocking(move || site.texts(&site.root)).await else {
            return;
        };
        for file in files {
            file.representation(Some(Encoding::Brotli)).await;
        }
    }

    fn texts(&self, folder: &Path) -> Vec<Arc<CachedFile>> {
        let mut texts = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => texts.extend(self.texts(&path)),
                Ok(kind) if kind.is_file() => {
                    let media_type = media_type::of(&media_type::extension(&path));
                    if media_type::is_text(media_type) {
                        texts.extend(self.files.load(&path).ok().flatten());
                    }
                }
                // Links are looked at when somebody asks.
                _ => {}
            }
        }
        texts
    }
}

async fn serve(
    request: &Parts,
    found: Found,
    status: StatusCode,
    headers: &HeaderMap,
) -> Response<Bytes> {
    let is_text = media_type::is_text(&found.media_type);
    let accepted = request
        .headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>()
        .join(",");
    let wanted = Encoding::accepted(&accepted).filter(|_| is_text);
    let form = found.file.representation(wanted).await;

    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    let set = answer.headers_mut();
    if let Ok(media_type) = HeaderValue::from_str(&found.media_type) {
        set.insert(CONTENT_TYPE, media_type);
    }
    if let Ok(tag) = HeaderValue::from_str(&form.tag) {
        set.insert(ETAG, tag);
    }
    if let Some(encoding) = form.encoding {
        set.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    }
    apply(set, headers);
    if is_text {
        // After the site's own, which may name more.
        set.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    let is_known = request
        .headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| value.to_str().is_ok_and(|tags| holds(tags, &form.tag)));
    if is_known && status == StatusCode::OK {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer.headers_mut().remove(CONTENT_ENCODING);
        answer.headers_mut().remove(CONTENT_TYPE);
        return answer;
    }
    *answer.body_mut() = form.body;
    answer
}

/// Whether an `If-None-Match` list names the tag; weak ones count as well.
fn holds(tags: &str, tag: &str) -> bool {
    tags.split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

fn redirect(to: &HeaderValue, status: StatusCode, headers: &HeaderMap) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    apply(answer.headers_mut(), headers);
    answer.headers_mut().insert(LOCATION, to.clone());
    answer
}

/// An answer without a page of the site's own.
fn message(status: StatusCode, headers: &HeaderMap) -> Response<Bytes> {
    let reason = status.canonical_reason().unwrap_or("Error");
    let text = format!("{} {reason} (azimuth-web, a stand-in)\n", status.as_u16());
    let mut answer = Response::new(text.into());
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    apply(answer.headers_mut(), headers);
    answer
}

fn apply(set: &mut HeaderMap, headers: &HeaderMap) {
    for (name, value) in headers {
        set.insert(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_names_a_path_and_a_file() {
        let overlay: Result<Overlay, _> = "/config.json=/a/b=c.json".parse();
        assert_eq!(
            overlay.ok(),
            Some(Overlay {
                path: "/config.json".into(),
                file: "/a/b=c.json".into()
            })
        );
        for bad in ["", "/a", "a=b", "/a=", "/a/=b", "/../a=b", "/%41=b"] {
            assert!(bad.parse::<Overlay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_is_found_in_a_list() {
        for tags in ["\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(holds(tags, "\"a\""), "{tags}");
        }
        for tags in ["", "a", "\"b\"", "\"aa\""] {
            assert!(!holds(tags, "\"a\""), "{tags}");
        }
    }
}
