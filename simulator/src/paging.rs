//! The parameters of a list, and a list cut to them the way Apple's lists are.

use axum::response::Response;
use form_urlencoded::{Serializer, parse};
use serde_json::{Value, json};

use crate::answers;

/// Most items a page may have, and how many it has when none are asked for.
const MOST: usize = 200;
const USUAL: usize = 50;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    offset: usize,
    filters: Vec<(String, Vec<String>)>,
}

impl Page {
    /// Reads a query; `filters` are the names that may stand in `filter[…]`.
    pub(crate) fn read(query: &str, filters: &[&str]) -> Result<Self, Box<Response>> {
        let mut page = Self {
            limit: USUAL,
            offset: 0,
            filters: Vec::new(),
        };
        for (name, value) in parse(query.as_bytes()) {
            let bad = || Box::new(answers::bad_parameter(&name, &value));
            let filter = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']'));
            match (name.as_ref(), filter) {
                ("limit", _) => {
                    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                    page.limit = limit.ok_or_else(bad)?;
                }
                ("cursor", _) => page.offset = value.parse().map_err(|_| bad())?,
                (_, Some(filter)) if filters.contains(&filter) => {
                    let values = value.split(',').map(str::to_owned).collect();
                    page.filters.push((filter.to_owned(), values));
                }
                ("sort" | "include", _) => {}
                _ if name.starts_with("fields[") => {}
                _ => return Err(Box::new(answers::unknown_parameter(&name))),
            }
        }
        Ok(page)
    }

    /// The page of `items`, each a resource with `attributes`, found at `url`.
    pub(crate) fn of(&self, items: Vec<Value>, url: &str) -> Response {
        let items: Vec<Value> = items.into_iter().filter(|item| self.admits(item)).collect();
        let total = items.len();
        let data: Vec<Value> = items.into_iter().skip(self.offset).take(self.limit).collect();
        let end = self.offset.saturating_add(data.len());
        let mut links = json!({ "self": url });
        if end < total && !data.is_empty() {
            links["next"] = json!(at_cursor(url, end));
        }
        let meta = json!({ "paging": { "total": total, "limit": self.limit } });
        answers::json(200, &json!({ "data": data, "links": links, "meta": meta }))
    }

    fn admits(&self, item: &Value) -> bool {
        self.filters.iter().all(|(name, values)| {
            item["attributes"][name]
                .as_str()
                .is_some_and(|text| values.iter().any(|v| v == text))
        })
    }
}

/// The same address with the cursor at `offset`.
fn at_cursor(url: &str, offset: usize) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let kept = parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    let query = Serializer::new(String::new())
        .append_pair("cursor", &offset.to_string())
        .extend_pairs(kept)
        .finish();
    format!("{path}?{query}")
}
