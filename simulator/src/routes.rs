//! The endpoints behind the gate. Whoever gets here holds a valid token; what is left to check is
//! the key's role.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router, middleware};
use serde_json::{Value, json};

use crate::keys::{ApiKey, Role};
use crate::paging::Page;
use crate::state::{App, Shared};
use crate::{answers, gate, web};

/// Roles that see apps: all but the one that only fetches reports.
const APPS: [Role; 7] = [
    Role::Admin,
    Role::AppManager,
    Role::Developer,
    Role::Finance,
    Role::Sales,
    Role::Marketing,
    Role::CustomerSupport,
];
const USERS: [Role; 1] = [Role::Admin];
const CERTIFICATES: [Role; 3] = [Role::Admin, Role::Developer, Role::AppManager];
const XCODE_CLOUD: [Role; 3] = [Role::Admin, Role::Developer, Role::AppManager];
const SALES: [Role; 4] = [Role::Admin, Role::Finance, Role::Sales, Role::AccessToReports];
const FINANCE: [Role; 3] = [Role::Admin, Role::Finance, Role::AccessToReports];

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/apps", get(apps))
        .route("/v1/users", get(users))
        .route("/v1/certificates", get(certificates))
        .route("/v1/builds", get(empty(&APPS)))
        .route("/v1/betaGroups", get(empty(&APPS)))
        .route("/v1/bundleIds", get(empty(&CERTIFICATES)))
        .route("/v1/devices", get(empty(&CERTIFICATES)))
        .route("/v1/profiles", get(empty(&CERTIFICATES)))
        .route("/v1/ciProducts", get(empty(&XCODE_CLOUD)))
        .route("/v1/salesReports", get(report(&SALES, &SALES_FILTERS)))
        .route("/v1/financeReports", get(report(&FINANCE, &FINANCE_FILTERS)))
        .fallback(async || answers::not_found())
        .method_not_allowed_fallback(async || answers::method_not_allowed())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), gate::pass))
        .merge(web::router())
        .with_state(shared)
}

async fn apps(shared: State<Arc<Shared>>, key: Extension<ApiKey>, uri: Uri) -> Response {
    let apps = shared.with(|settings| settings.apps.iter().map(app).collect());
    list(&shared, &key, &APPS, &uri, &["bundleId", "name"], apps)
}

async fn users(shared: State<Arc<Shared>>, key: Extension<ApiKey>, uri: Uri) -> Response {
    let user = json!({
        "type": "users",
        "id": "0a1b2c3d-0000-4000-8000-000000000001",
        "attributes": {
            "username": "owner@example.com",
            "firstName": "Olive",
            "lastName": "Owner",
            "roles": ["ACCOUNT_HOLDER", "ADMIN"],
            "allAppsVisible": true,
        },
    });
    list(&shared, &key, &USERS, &uri, &["username"], vec![user])
}

async fn certificates(shared: State<Arc<Shared>>, key: Extension<ApiKey>, uri: Uri) -> Response {
    let certificate = json!({
        "type": "certificates",
        "id": "4XK7Q2M9ZT",
        "attributes": {
            "name": "Apple Distribution: Example",
            "certificateType": "DISTRIBUTION",
            "serialNumber": "2A0FC94E1B7D3356",
        },
    });
    list(
        &shared,
        &key,
        &CERTIFICATES,
        &uri,
        &["certificateType"],
        vec![certificate],
    )
}

/// A list of which the team has nothing.
fn empty(
    roles: &'static [Role],
) -> impl FnOnce(State<Arc<Shared>>, Extension<ApiKey>, Uri) -> Ready<Response> + Clone + Send + Sync {
    move |shared, key, uri| ready(list(&shared, &key, roles, &uri, &[], Vec::new()))
}

/// What a download has to name, each once.
const SALES_FILTERS: [&str; 4] = ["frequency", "reportSubType", "reportType", "vendorNumber"];
const FINANCE_FILTERS: [&str; 4] = ["regionCode", "reportDate", "reportType", "vendorNumber"];

/// The download of a report.
fn report(
    roles: &'static [Role],
    filters: &'static [&'static str],
) -> impl FnOnce(State<Arc<Shared>>, Extension<ApiKey>, Uri) -> Ready<Response> + Clone + Send + Sync {
    move |shared, key, uri| ready(download(&shared, &key, roles, filters, &uri))
}

fn download(shared: &Shared, key: &ApiKey, roles: &[Role], filters: &[&str], uri: &Uri) -> Response {
    if !key.has_any(roles) {
        return answers::forbidden();
    }
    let query = uri.query().unwrap_or_default();
    let given: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |filter: &str| given.get(&format!("filter[{filter}]"));
    if let Some(missing) = filters.iter().find(|filter| value(filter).is_none()) {
        return answers::bad_parameter(&format!("filter[{missing}]"), "");
    }
    let reports = shared.with(|settings| settings.reports.clone());
    if value("vendorNumber") != Some(&reports.vendor_number) {
        return answers::invalid_vendor_number();
    }
    if reports.any {
        answers::report()
    } else {
        answers::no_report()
    }
}

fn list(shared: &Shared, key: &ApiKey, roles: &[Role], uri: &Uri, filters: &[&str], items: Vec<Value>) -> Response {
    if !key.has_any(roles) {
        return answers::forbidden();
    }
    match Page::read(uri.query().unwrap_or_default(), filters) {
        Ok(page) => page.of(items, &format!("{}{uri}", shared.url)),
        Err(response) => *response,
    }
}

fn app(app: &App) -> Value {
    json!({
        "type": "apps",
        "id": app.id,
        "attributes": {
            "name": app.name,
            "bundleId": app.bundle_id,
            "sku": app.bundle_id,
            "primaryLocale": "en-US",
        },
    })
}
