//! The table of routes: a route cannot be written without the rule that it keeps, and its handler has to ask by that rule.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodFilter, on};

use super::asked::{Asked, RuleMark};
use super::entrance::enter;
use super::guarded::Door;
use super::login;
use super::problem::Problem;
use crate::access::Rule;

/// One route, for tests and the OpenAPI document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with `{name}` for what varies.
    pub path: &'static str,
    /// The rule that it keeps.
    pub rule: Rule,
}

mod sealed {
    /// Only the tuples of handlers' arguments, below.
    pub trait Sealed<R> {}
}

/// The arguments of a handler that asks by a rule first. Implemented for every list of arguments that begins with
/// [`Asked`] of that rule.
pub trait AsksFirst<R>: sealed::Sealed<R> {}

macro_rules! asks_first {
    ($(($($more:ident),*)),+ $(,)?) => { $(
        impl<R: RuleMark, M, $($more),*> sealed::Sealed<R> for (M, Asked<R>, $($more,)*) {}
        impl<R: RuleMark, M, $($more),*> AsksFirst<R> for (M, Asked<R>, $($more,)*) {}
    )+ };
}

asks_first!((), (A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E));

/// Routes under construction.
///
/// A handler that does not ask by the rule of its route does not compile:
///
/// ```compile_fail,E0277
/// use lightsout::web::door::{Asked, Operate, Read, Routes};
/// async fn fleet(_: Asked<Operate>) -> &'static str { "" }
/// let routes: Routes<()> = Routes::new().get("/fleet", Read, fleet);
/// ```
///
/// Nor does one that does not ask at all:
///
/// ```compile_fail,E0277
/// use lightsout::web::door::{Read, Routes};
/// async fn fleet() -> &'static str { "" }
/// let routes: Routes<()> = Routes::new().get("/fleet", Read, fleet);
/// ```
///
/// Nor is there a way to the person of [`super::Own`] but by the instance's owners:
///
/// ```compile_fail,E0599
/// use lightsout::web::door::{Asked, Own};
/// async fn hold(asked: Asked<Own>) -> String { asked.into_who().name }
/// ```
pub struct Routes<S = ()> {
    router: Router<S>,
    table: Vec<Route>,
}

impl<S> std::fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.table).finish()
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self { router: Router::new(), table: Vec::new() }
    }

    /// Reads.
    #[must_use]
    pub fn get<R, H, T>(self, path: &'static str, rule: R, handler: H) -> Self
    where
        R: RuleMark,
        H: Handler<T, S>,
        T: AsksFirst<R> + 'static,
    {
        self.add((Method::GET, MethodFilter::GET), path, rule, handler)
    }

    /// Changes something.
    #[must_use]
    pub fn post<R, H, T>(self, path: &'static str, rule: R, handler: H) -> Self
    where
        R: RuleMark,
        H: Handler<T, S>,
        T: AsksFirst<R> + 'static,
    {
        self.add((Method::POST, MethodFilter::POST), path, rule, handler)
    }

    /// Takes something away.
    #[must_use]
    pub fn delete<R, H, T>(self, path: &'static str, rule: R, handler: H) -> Self
    where
        R: RuleMark,
        H: Handler<T, S>,
        T: AsksFirst<R> + 'static,
    {
        self.add((Method::DELETE, MethodFilter::DELETE), path, rule, handler)
    }

    fn add<R, H, T>(mut self, (method, filter): (Method, MethodFilter), path: &'static str, _: R, handler: H) -> Self
    where
        R: RuleMark,
        H: Handler<T, S>,
        T: AsksFirst<R> + 'static,
    {
        self.table.push(Route { method, path, rule: R::RULE });
        self.router = self.router.route(path, on(filter, handler));
        self
    }

    /// Those of another table too.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.table.extend(other.table);
        self.router = self.router.merge(other.router);
        self
    }

    /// The table, with the routes of the login, which every router has.
    #[must_use]
    pub fn table(&self) -> Vec<Route> {
        let login = login::routes(Self::new()).table;
        self.table.iter().cloned().chain(login).collect()
    }

    /// A router that only lets in whom the door lets in.
    pub fn behind(self, door: &Door, state: S) -> Router {
        let all = login::routes(self);
        all.router
            .fallback(|request: Request| async move { Ok::<Response, Infallible>(nothing_here(request)) })
            .method_not_allowed_fallback(|request: Request| async move { Ok::<Response, Infallible>(not_so(request)) })
            .layer(DefaultBodyLimit::max(door.limits().body_bytes))
            .layer(from_fn_with_state(door.clone(), enter))
            .with_state(state)
    }
}

fn nothing_here(request: Request) -> Response {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing here").to(request)
}

fn not_so(request: Request) -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this is not asked for in that way").to(request)
}
