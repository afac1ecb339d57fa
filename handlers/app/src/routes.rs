//! Every route of the product, in one list, and the `OpenAPI` document that it is.
//!
//! A line names a module with one endpoint: its method and path are those of the
//! endpoint's own description, so that document and router cannot disagree. HTTP
//! lies under `/api`. Trigger routes have no prefix: the Functions host calls them
//! by the function's name, and lets nobody outside reach a path without `/api`.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, get, on, post};
use azimuth_ports::clock::Random;
use http::{HeaderName, HeaderValue, Method, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::Path;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, PathsBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::http::parts::ApiParts;
use crate::http::states::States;
use crate::http::{
    admin, approvals, audit, conversations, edge, events, health, me, models, openapi, realtime,
    refusals, sessions, settings, subscriptions, tools, turns, usage,
};
use crate::problem::ProblemDocument;
use crate::triggers::sign_audit::SigningState;
use crate::triggers::{self, TriggerState};

/// Prefix of everything that is not a trigger (`extensions.http.routePrefix`).
pub const PREFIX: &str = "/api";

/// Paths below [`PREFIX`] that need no token.
const PUBLIC: [&str; 3] = ["/health/live", "/health/ready", "/openapi.json"];

/// Names of the functions that the host calls without a person: path and function
/// folder at once.
pub const TRIGGERS: [&str; 6] = [
    "execute-tool",
    "execute-tool-poison",
    "advance-turn",
    "advance-turn-poison",
    "sweep",
    "sign-audit",
];

macro_rules! endpoints {
    ($visit:ident; $($state:ident { $($($part:ident)::+),+ $(,)? })+) => {
        $($($visit!($state, $($part)::+);)+)+
    };
}

/// The list.
macro_rules! each_endpoint {
    ($visit:ident) => {
        endpoints! { $visit;
            health {
                health::live,
                health::ready,
                openapi,
            }
            account {
                me::get_me,
                me::sign_in_to_azure,
                settings::get_settings,
                settings::patch_settings,
            }
            data {
                me::export_my_data,
                me::delete_my_data,
            }
            session {
                sessions::list_sessions,
                sessions::revoke_session,
                sessions::sign_out_everywhere,
            }
            admin {
                admin::list_users,
                admin::get_user,
                admin::patch_user,
                admin::list_roles,
                admin::list_tenants,
                admin::list_user_sessions,
                admin::revoke_user_session,
                admin::sign_out_user,
            }
            picker {
                models,
                subscriptions::list_subscriptions,
            }
            conversation {
                conversations::create_conversation,
                conversations::list_conversations,
                conversations::get_conversation,
                conversations::patch_conversation,
                conversations::delete_conversation,
                conversations::restore_conversation,
                conversations::list_messages,
                conversations::list_grants,
                conversations::revoke_grant,
                conversations::export,
            }
            turn {
                turns::create_turn,
                turns::get_turn,
                turns::get_result,
                turns::cancel_turn,
                events,
                approvals::list_approvals,
                approvals::get_approval,
                approvals::decide_approval,
                realtime,
            }
            tool {
                tools::list_tools,
                tools::call_tool,
            }
            audit {
                audit::list_audit,
                audit::list_digests,
                audit::get_audit,
                audit::export_audit,
            }
            limit {
                usage,
                admin::kill_switch::get_kill_switch,
                admin::kill_switch::put_kill_switch,
                admin::quotas::get_quotas,
                admin::quotas::put_quotas,
            }
            model {
                admin::models::get_models,
                admin::models::put_models,
            }
            catalogue {
                admin::get_server_health,
                admin::tools::list_tool_pins,
                admin::tools::put_tool_pin,
                admin::servers::list_added_servers,
                admin::servers::get_added_server,
                admin::servers::put_added_server,
                admin::servers::delete_added_server,
            }
            policy {
                admin::policies::get_policies,
                admin::policies::put_policies,
                admin::policies::simulate_policies,
                admin::policies::list_policy_versions,
                admin::policies::get_policy_version,
            }
        }
    };
}

/// The whole service.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the parts belong to the router from here on"
)]
pub fn router(parts: ApiParts) -> Router {
    let deadline = parts.config.request_deadline;
    let mut root = Router::new().route("/", get(|| async {})).nest(
        PREFIX,
        api(&parts)
            .layer(from_fn_with_state(
                Arc::clone(&parts.engine),
                refusals::record,
            ))
            .layer(from_fn_with_state(deadline, edge::deadline)),
    );
    if parts.config.triggers {
        root = root.merge(trigger_routes(&parts));
    }
    let random: Arc<dyn Random> = Arc::clone(&parts.random);
    let root = root
        .fallback(edge::route_not_found)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(random, edge::edge));
    match cors(&parts.config.cors_origins) {
        Some(layer) => root.layer(layer),
        None => root,
    }
}

fn api(parts: &ApiParts) -> Router {
    let states = States::of(parts);
    let mut router = Router::new();
    macro_rules! mount {
        ($state:ident, $($part:ident)::+) => {
            router = router.merge(
                Router::new()
                    .route(
                        &$($part)::+::__path_handle::path(),
                        on(
                            filter(&$($part)::+::__path_handle::methods()),
                            $($part)::+::handle,
                        ),
                    )
                    .with_state(states.$state.clone()),
            );
        };
    }
    each_endpoint!(mount);
    router
}

fn trigger_routes(parts: &ApiParts) -> Router {
    let state = TriggerState {
        engine: Arc::clone(&parts.engine),
        deadline: parts.config.trigger_deadline,
    };
    let sign_audit = post(triggers::sign_audit::handle).with_state(SigningState {
        audit_signer: Arc::clone(&parts.audit_signer),
        deadline: parts.config.trigger_deadline,
    });
    Router::new()
        .route("/execute-tool", post(triggers::execute_tool::handle))
        .route(
            "/execute-tool-poison",
            post(triggers::execute_tool_poison::handle),
        )
        .route("/advance-turn", post(triggers::advance_turn::handle))
        .route(
            "/advance-turn-poison",
            post(triggers::advance_turn_poison::handle),
        )
        .route("/sweep", post(triggers::sweep::handle))
        .route("/sign-audit", sign_audit)
        .with_state(state)
}

fn filter(methods: &[HttpMethod]) -> MethodFilter {
    methods
        .iter()
        .map(|method| match method {
            HttpMethod::Post => MethodFilter::POST,
            HttpMethod::Patch => MethodFilter::PATCH,
            HttpMethod::Delete => MethodFilter::DELETE,
            HttpMethod::Put => MethodFilter::PUT,
            _ => MethodFilter::GET,
        })
        .fold(None, |all: Option<MethodFilter>, one| {
            Some(all.map_or(one, |a| a.or(one)))
        })
        .unwrap_or(MethodFilter::GET)
}

/// Tokens travel in a header that scripts set, so credentials stay off.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok())
        .collect();
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::ACCEPT,
                header::ACCEPT_LANGUAGE,
                header::IF_MATCH,
                HeaderName::from_static("idempotency-key"),
                HeaderName::from_static("last-event-id"),
            ])
            .expose_headers([
                header::ETAG,
                header::LOCATION,
                header::RETRY_AFTER,
                header::CONTENT_RANGE,
                header::CONTENT_DISPOSITION,
                HeaderName::from_static("x-request-id"),
                HeaderName::from_static("x-azimuth-truncated"),
                HeaderName::from_static("x-azimuth-turn-id"),
            ])
    })
}

/// The `OpenAPI` 3.1 document, pretty, the same for the same code.
pub fn openapi_json() -> String {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let mut text = document().to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    });
    TEXT.clone()
}

fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    macro_rules! describe {
        ($state:ident, $($part:ident)::+) => {
            let path = $($part)::+::__path_handle::path();
            let tags = <$($part)::+::__path_handle as Tags>::tags();
            let operation = finish(&path, &tags, $($part)::+::__path_handle::operation());
            paths.add_path_operation(path, $($part)::+::__path_handle::methods(), operation);
            <$($part)::+::__path_handle as SchemaReferences>::schemas(&mut schemas);
        };
    }
    each_endpoint!(describe);
    schemas.push((
        ProblemDocument::name().into_owned(),
        ProblemDocument::schema(),
    ));
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme(
            "bearer",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        )
        .build();
    let info = InfoBuilder::new()
        .title("Azimuth")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Many people operate Azure by chat, each as themselves. Every error is a problem document (RFC 9457) with a stable code.",
        ))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url(PREFIX).build()]))
        .paths(PathsBuilder::from(paths).build())
        .components(Some(components))
        .build()
}

/// What every operation has: a tag, the token unless it is public, and problems.
fn finish(path: &str, tags: &[&str], mut operation: Operation) -> Operation {
    operation.tags = Some(tags.iter().map(ToString::to_string).collect());
    operation.security = Some(if PUBLIC.contains(&path) {
        vec![SecurityRequirement::default()]
    } else {
        vec![SecurityRequirement::new("bearer", Vec::<String>::new())]
    });
    let problem = ResponseBuilder::new()
        .description("A problem document")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(ProblemDocument::name())))
                .build(),
        )
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(problem));
    operation
}

/// Every route below [`PREFIX`]: method and path template.
pub fn api_routes() -> Vec<(String, String)> {
    let mut routes = Vec::new();
    macro_rules! collect {
        ($state:ident, $($part:ident)::+) => {
            for method in $($part)::+::__path_handle::methods() {
                let method = serde_json::to_value(method).ok();
                let method = method.as_ref().and_then(|m| m.as_str()).unwrap_or_default();
                routes.push((method.to_uppercase(), $($part)::+::__path_handle::path()));
            }
        };
    }
    each_endpoint!(collect);
    routes
}
