//! The right answers: Apple's bodies and headers.

use std::time::{Duration, SystemTime};

use simulator::{App, Refusal, Role, Simulator, TeamState};

use crate::client::{Bench, KEY_ID};

#[test]
fn a_good_token_lists_apps_with_apples_headers() {
    let bench = Bench::start();
    let answer = bench.get("/v1/apps?limit=1");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["data"][0]["attributes"]["bundleId"], "com.example.app");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.header("x-rate-limit"),
        Some("user-hour-lim:3600;user-hour-rem:3599;")
    );
    assert_eq!(answer.header("x-request-id").map(str::len), Some(30));
    assert!(answer.header("date").is_some());

    let [seen] = bench.apple.requests().try_into().unwrap();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/v1/apps"));
    assert_eq!(seen.query.as_deref(), Some("limit=1"));
    assert_eq!(seen.user_agent(), Some("bench"));
    assert_eq!(seen.status, Some(200));
    assert_eq!(seen.refusal, None);
    let token = seen.token.unwrap();
    assert!(token.signature_verified);
    assert_eq!(token.key_id(), Some(KEY_ID));
}

#[test]
fn every_refused_token_gets_the_same_body_and_the_reason_is_only_recorded() {
    let bench = Bench::start();
    let missing = bench.send("GET", "/v1/apps", None);
    let garbage = bench.send("GET", "/v1/apps", Some("not-a-token"));
    let late = bench.send("GET", "/v1/apps", Some(&bench.token_at(-3600)));
    bench.apple.revoke(KEY_ID);
    let revoked = bench.get("/v1/apps");

    for answer in [&missing, &garbage, &late, &revoked] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.code(), "NOT_AUTHORIZED");
        assert_eq!(answer.body, missing.body);
        assert_eq!(answer.header("x-rate-limit"), None);
    }
    let reasons: Vec<_> = bench.apple.requests().into_iter().map(|seen| seen.refusal).collect();
    let expected = [
        Refusal::NoToken,
        Refusal::Malformed,
        Refusal::Expired,
        Refusal::RevokedKey,
    ]
    .map(Some);
    assert_eq!(reasons, expected);
}

#[test]
fn what_a_key_may_list_depends_on_its_role() {
    let statuses = |role| {
        let bench = Bench::with(Simulator::start(), role);
        ["/v1/apps", "/v1/users", "/v1/certificates"].map(|path| bench.get(path).status)
    };
    assert_eq!(statuses(Role::Admin), [200, 200, 200]);
    assert_eq!(statuses(Role::AppManager), [200, 403, 200]);
    assert_eq!(statuses(Role::Developer), [200, 403, 200]);
    assert_eq!(statuses(Role::Sales), [200, 403, 403]);
    assert_eq!(statuses(Role::AccessToReports), [403, 403, 403]);
}

#[test]
fn reports_are_for_the_roles_that_read_them_and_for_the_teams_own_vendor_number() {
    const SALES: &str = "/v1/salesReports?filter[frequency]=DAILY&filter[reportType]=SALES\
                         &filter[reportSubType]=SUMMARY&filter[vendorNumber]=";
    const FINANCE: &str = "/v1/financeReports?filter[regionCode]=ZZ&filter[reportType]=FINANCIAL\
                           &filter[reportDate]=2024-01&filter[vendorNumber]=";
    let statuses = |role| {
        let bench = Bench::with(Simulator::start(), role);
        [SALES, FINANCE].map(|target| bench.get(&format!("{target}85123456")).status)
    };
    assert_eq!(statuses(Role::Finance), [200, 200]);
    assert_eq!(statuses(Role::Sales), [200, 403]);
    assert_eq!(statuses(Role::AppManager), [403, 403]);

    let bench = Bench::start();
    let report = bench.get(&format!("{SALES}85123456"));
    assert_eq!(report.header("content-type"), Some("application/a-gzip"));
    assert!(report.body.starts_with(&[0x1f, 0x8b]));
    assert_eq!(bench.get(&format!("{SALES}11111111")).code(), "PARAMETER_ERROR.INVALID");
    assert_eq!(bench.get("/v1/salesReports").code(), "PARAMETER_ERROR.INVALID");
    bench.apple.set_reports("11111111", false);
    assert_eq!(bench.get(&format!("{SALES}11111111")).code(), "NOT_FOUND");
}

#[test]
fn every_group_that_a_key_is_asked_about_lists_something_or_nothing() {
    let bench = Bench::start();
    for group in ["builds", "betaGroups", "bundleIds", "devices", "profiles", "ciProducts"] {
        let answer = bench.get(&format!("/v1/{group}?limit=1"));
        assert_eq!(
            (answer.status, answer.json()["meta"]["paging"]["total"].as_u64()),
            (200, Some(0)),
            "{group}"
        );
    }
}

#[test]
fn apps_are_filtered_by_bundle_id_and_paged() {
    let bench = Bench::start();
    bench.apple.set_apps(["a", "b", "c"].map(|name| App {
        id: name.to_owned(),
        bundle_id: format!("com.example.{name}"),
        name: name.to_owned(),
    }));
    let ids = |target: &str| {
        let answer = bench.get(target).json();
        let data = answer["data"].as_array().unwrap().clone();
        let ids: Vec<_> = data.iter().map(|app| app["id"].as_str().unwrap().to_owned()).collect();
        (ids.concat(), answer["links"]["next"].as_str().map(str::to_owned))
    };
    assert_eq!(
        ids("/v1/apps?filter%5BbundleId%5D=com.example.b"),
        ("b".to_owned(), None)
    );
    assert_eq!(ids("/v1/apps?filter[bundleId]=com.example.a,com.example.c").0, "ac");
    assert_eq!(ids("/v1/apps?filter[bundleId]=com.example").0, "");
    let (first, next) = ids("/v1/apps?limit=2");
    assert_eq!(first, "ab");
    let next = next.unwrap();
    assert_eq!(
        ids(next.strip_prefix(&bench.apple.url()).unwrap()),
        ("c".to_owned(), None)
    );
}

#[test]
fn what_does_not_exist_is_named_as_apple_names_it() {
    let bench = Bench::start();
    assert_eq!(bench.get("/v1/nonsense").code(), "NOT_FOUND");
    assert_eq!(bench.get("/v1/apps?limit=0").code(), "PARAMETER_ERROR.INVALID");
    assert_eq!(
        bench.get("/v1/apps?filter[color]=red").code(),
        "PARAMETER_ERROR.ILLEGAL"
    );
    let post = bench.send("POST", "/v1/apps", Some(&bench.token_at(0)));
    assert_eq!((post.status, post.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
}

#[test]
fn the_hourly_limit_runs_out() {
    let bench = Bench::start();
    bench.apple.set_rate_limit(3500, 1);
    let last = bench.get("/v1/apps");
    assert_eq!(last.header("x-rate-limit"), Some("user-hour-lim:3500;user-hour-rem:0;"));
    let over = bench.get("/v1/apps");
    assert_eq!((over.status, over.code().as_str()), (429, "RATE_LIMIT_EXCEEDED"));

    bench.apple.set_rate_limit(3500, 5);
    bench.apple.hide_rate_limit();
    assert_eq!(bench.get("/v1/apps").header("x-rate-limit"), None);
}

#[test]
fn a_burst_is_turned_away_and_takes_nothing_from_the_hour() {
    let bench = Bench::start();
    // None at all, so that no second passes in between.
    bench.apple.set_burst_limit(0, Some(5));
    let told = bench.get("/v1/apps");
    assert_eq!((told.status, told.header("retry-after")), (429, Some("5")));
    assert_eq!(told.code(), "RATE_LIMIT_EXCEEDED");
    assert_eq!(
        told.header("x-rate-limit"),
        Some("user-hour-lim:3600;user-hour-rem:3600;")
    );
    bench.apple.set_burst_limit(0, None);
    assert_eq!(bench.get("/v1/apps").header("retry-after"), None);
    bench.apple.set_burst_limit(1, None);
    assert_eq!(bench.get("/v1/apps").status, 200);
}

#[test]
fn a_team_that_may_not_use_the_api_is_told_so_in_apples_words() {
    let bench = Bench::start();
    let answer_in = |state| {
        bench.apple.set_team_state(state);
        let answer = bench.get("/v1/apps");
        assert_eq!(answer.status, 403);
        (
            answer.code(),
            answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned(),
        )
    };
    let (code, _) = answer_in(TeamState::AgreementMissing);
    assert_eq!(code, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED");
    let (code, detail) = answer_in(TeamState::AgreementMissingOldForm);
    assert_eq!(code, "FORBIDDEN");
    assert!(detail.contains("Program License Agreement"));
    let (code, detail) = answer_in(TeamState::MembershipLapsed {
        team_id: "ABCDE12345".into(),
    });
    assert_eq!(code, "FORBIDDEN_ERROR");
    assert!(detail.starts_with("Team ID: 'ABCDE12345' is not associated with an active membership"));
}

#[test]
fn the_clock_offset_moves_the_date_and_the_rules() {
    let bench = Bench::start();
    bench.apple.set_clock_offset(3600);
    let refused = bench.get("/v1/apps");
    assert_eq!(refused.status, 401);
    let date = httpdate::parse_http_date(refused.header("date").unwrap()).unwrap();
    let ahead = date.duration_since(SystemTime::now()).unwrap();
    assert!(ahead > Duration::from_secs(3000), "{ahead:?}");
    let token = bench.token_at(3600);
    assert_eq!(bench.send("GET", "/v1/apps", Some(&token)).status, 200);
}
