//! The account picker, in Korean and English, without a line of script.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};

use crate::directory::{Principal, tenant};

/// No script at all; a form may only go to loopback, where the sandbox and the portal live.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    frame-ancestors 'none'; form-action http://127.0.0.1:* http://localhost:*";

const STYLE: &str = include_str!("page.css");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Korean,
    English,
}

impl Language {
    /// The first of `ko` and `en` in an `Accept-Language` or `ui_locales` value; else English.
    pub fn of(accepted: &str) -> Self {
        accepted
            .split([',', ' '])
            .map(|tag| {
                tag.split(';')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_ascii_lowercase()
            })
            .find_map(|tag| match tag.split('-').next() {
                Some("ko") => Some(Self::Korean),
                Some("en") => Some(Self::English),
                _ => None,
            })
            .unwrap_or(Self::English)
    }

    fn words(self) -> &'static Words {
        match self {
            Self::Korean => &KOREAN,
            Self::English => &ENGLISH,
        }
    }
}

struct Words {
    tag: &'static str,
    title: &'static str,
    lead: &'static str,
    note: &'static str,
    cancel: &'static str,
    problem: &'static str,
    signed_out: &'static str,
    role: fn(&str) -> &'static str,
}

static KOREAN: Words = Words {
    tag: "ko",
    title: "계정 선택",
    lead: "Azimuth에 로그인할 샌드박스 계정을 고르세요.",
    note: "로컬 샌드박스입니다. 비밀번호가 없고, 실제 Azure에는 연결되지 않습니다.",
    cancel: "취소",
    problem: "로그인할 수 없습니다",
    signed_out: "로그아웃되었습니다",
    role: |role| match role {
        "operator" => "운영자",
        "reader" => "조회자",
        "approver" => "승인자",
        "auditor" => "감사자",
        _ => "관리자",
    },
};

static ENGLISH: Words = Words {
    tag: "en",
    title: "Pick an account",
    lead: "Choose the sandbox account that signs in to Azimuth.",
    note: "This is a local sandbox. There are no passwords, and no real Azure is contacted.",
    cancel: "Cancel",
    problem: "You cannot sign in",
    signed_out: "You are signed out",
    role: |role| match role {
        "operator" => "Operator",
        "reader" => "Reader",
        "approver" => "Approver",
        "auditor" => "Auditor",
        _ => "Administrator",
    },
};

/// The list of accounts as one form: each account is a button, the request rides along hidden.
pub fn picker(
    language: Language,
    action: &str,
    users: &[&Principal],
    login_hint: Option<&str>,
    parameters: &HashMap<String, String>,
) -> Response {
    let words = language.words();
    let mut body = String::new();
    let _ = write!(
        body,
        "<h1>{}</h1><p class=lead>{}</p><form method=post action=\"{}\">",
        words.title,
        words.lead,
        escape(action)
    );
    let mut names: Vec<&String> = parameters
        .keys()
        .filter(|name| !matches!(name.as_str(), "user" | "prompt"))
        .collect();
    names.sort();
    for name in names {
        let value = &parameters[name];
        let _ = write!(
            body,
            "<input type=hidden name=\"{}\" value=\"{}\">",
            escape(name),
            escape(value)
        );
    }
    let hinted =
        |user: &Principal| login_hint.is_some_and(|hint| hint == user.upn || hint == user.name);
    let mut users = users.to_vec();
    users.sort_by_key(|user| !hinted(user));
    for user in users {
        let mark = if hinted(user) {
            " class=hinted autofocus"
        } else {
            ""
        };
        let roles: Vec<&str> = user.roles.iter().map(|role| (words.role)(role)).collect();
        let _ = write!(
            body,
            "<button name=user value=\"{}\"{mark}><span class=face aria-hidden=true>{}</span>\
             <span class=who><b>{}</b><i>{}</i></span><span class=what>{}<i>{}</i></span></button>",
            user.name,
            &user.display_name[..1],
            user.display_name,
            user.upn,
            roles.join(" · "),
            tenant(user.tenant).map_or("", |tenant| tenant.name),
        );
    }
    let _ = write!(
        body,
        "<button class=cancel name=user value=\"\">{}</button></form>",
        words.cancel
    );
    document(StatusCode::OK, words, words.title, &body)
}

/// A refusal that must not be sent anywhere, since the address is not to be trusted.
pub fn problem(language: Language, text: &str) -> Response {
    let words = language.words();
    let body = format!(
        "<h1>{}</h1><p class=lead role=alert>{}</p>",
        words.problem,
        escape(text)
    );
    document(StatusCode::BAD_REQUEST, words, words.problem, &body)
}

pub fn signed_out(language: Language) -> Response {
    let words = language.words();
    document(
        StatusCode::OK,
        words,
        words.signed_out,
        &format!("<h1>{}</h1>", words.signed_out),
    )
}

fn document(status: StatusCode, words: &Words, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang={}><meta charset=utf-8><meta name=viewport \
         content=\"width=device-width, initial-scale=1\"><title>{title} · Azimuth</title>\
         <style>{STYLE}</style><main><p class=brand>Azimuth <span>sandbox</span></p>{body}\
         <p class=note>{}</p></main></html>",
        words.tag, words.note
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, html).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_that_the_page_speaks() {
        assert_eq!(Language::of("ko-KR,ko;q=0.9,en;q=0.8"), Language::Korean);
        assert_eq!(
            Language::of("fr-FR, en-GB;q=0.7, ko;q=0.1"),
            Language::English
        );
        assert_eq!(Language::of(""), Language::English);
    }
}
