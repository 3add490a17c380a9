use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        Components, Content, ContentBuilder, HeaderBuilder, HttpMethod, Paths, Ref, RefOr,
        Required, Response, ResponseBuilder, Schema,
        path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ObjectBuilder, Type},
        security::SecurityRequirement,
    },
};

use super::{COOKIE, problems::Problem};
use crate::{error::of_status, shield};

/// What one method of one path does.
pub(super) struct Operation {
    method: HttpMethod,
    path: &'static str,
    built: OperationBuilder,
    answers: BTreeMap<u16, Response>,
    problems: Vec<Problem>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Operation {
    /// `id` is its name for generators of clients.
    pub(super) fn get(tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Get, tag, path, id, summary)
    }

    pub(super) fn post(tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Post, tag, path, id, summary)
    }

    pub(super) fn head(tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        Self::new(HttpMethod::Head, tag, path, id, summary)
    }

    fn new(method: HttpMethod, tag: &str, path: &'static str, id: &str, summary: &str) -> Self {
        let built = OperationBuilder::new()
            .tag(tag)
            .operation_id(Some(id))
            .summary(Some(summary));
        Self {
            method,
            path,
            built,
            answers: BTreeMap::new(),
            problems: Vec::new(),
            schemas: Vec::new(),
        }
    }

    pub(super) fn about(mut self, text: &str) -> Self {
        self.built = self.built.description(Some(text));
        self
    }

    /// Only for those who are signed in.
    pub(super) fn signed_in(mut self) -> Self {
        let none: [&str; 0] = [];
        self.built = self.built.security(SecurityRequirement::new(COOKIE, none));
        self.problems(super::problems::SIGNED_IN)
    }

    /// A body of this type.
    pub(super) fn takes<T: ToSchema>(mut self, example: Value) -> Self {
        let content = ContentBuilder::new()
            .schema(Some(self.schema::<T>()))
            .example(Some(example));
        let body = RequestBodyBuilder::new()
            .content("application/json", content.build())
            .required(Some(Required::True));
        self.built = self.built.request_body(Some(body.build()));
        self
    }

    /// An answer of this type.
    pub(super) fn gives<T: ToSchema>(mut self, about: &str, example: Value) -> Self {
        let schema = self.schema::<T>();
        self.gives_json(200, about, schema, example)
    }

    pub(super) fn gives_many<T: ToSchema>(mut self, about: &str, example: Value) -> Self {
        let items = self.schema::<T>();
        let schema = utoipa::openapi::schema::ArrayBuilder::new().items(items);
        self.gives_json(200, about, RefOr::T(schema.into()), example)
    }

    pub(super) fn gives_json(
        mut self,
        status: u16,
        about: &str,
        schema: RefOr<Schema>,
        example: Value,
    ) -> Self {
        let content = ContentBuilder::new()
            .schema(Some(schema))
            .example(Some(example));
        let answer = ResponseBuilder::new()
            .description(about)
            .content("application/json", content.build());
        self.answers.insert(status, with_id(answer).build());
        self
    }

    /// An answer that is no JSON: of this media type, or without a body.
    pub(super) fn answers(mut self, status: u16, about: &str, kind: Option<&str>) -> Self {
        let mut answer = ResponseBuilder::new().description(about);
        if let Some(kind) = kind {
            let text = ObjectBuilder::new().schema_type(Type::String);
            answer = answer.content(kind, Content::new(Some(RefOr::T(text.into()))));
        }
        if (300..400).contains(&status) {
            let text = ObjectBuilder::new().schema_type(Type::String);
            answer = answer.header("location", HeaderBuilder::new().schema(Some(text)).build());
        }
        self.answers.insert(status, with_id(answer).build());
        self
    }

    /// Answers that are problem documents.
    pub(super) fn problems(mut self, problems: &[Problem]) -> Self {
        for problem in problems {
            if !self.problems.contains(problem) {
                self.problems.push(*problem);
            }
        }
        self
    }

    /// Part of the path, or of the query.
    pub(super) fn parameter(
        mut self,
        place: ParameterIn,
        name: &str,
        about: &str,
        schema: impl Into<RefOr<Schema>>,
    ) -> Self {
        let required = if matches!(place, ParameterIn::Path) {
            Required::True
        } else {
            Required::False
        };
        // In this order: the place alone would make it required.
        let parameter: Parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .description(Some(about))
            .schema(Some(schema))
            .build();
        self.built = self.built.parameter(parameter);
        self
    }

    /// A reference to the schema of a type, which goes into the components.
    pub(super) fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name()).into()
    }

    /// Puts it where it belongs.
    pub(super) fn add(mut self, paths: &mut Paths, components: &mut Components) {
        for (name, schema) in std::mem::take(&mut self.schemas) {
            components.schemas.entry(name).or_insert(schema);
        }
        let mut by_status: BTreeMap<u16, Vec<Problem>> = BTreeMap::new();
        for problem in &self.problems {
            by_status.entry(problem.0).or_default().push(*problem);
        }
        let mut built = self.built;
        for (status, answer) in self.answers {
            built = built.response(status.to_string(), answer);
        }
        for (status, problems) in by_status {
            built = built.response(status.to_string(), failure(status, &problems));
        }
        paths.add_path_operation(self.path, vec![self.method], built);
    }
}

/// The schema of a type, and of those it is made of, as components.
pub(super) fn add_schema<T: ToSchema>(components: &mut Components) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

/// One status with all of its codes.
fn failure(status: u16, problems: &[Problem]) -> Response {
    let about: Vec<_> = problems
        .iter()
        .map(|(_, code, when)| format!("`{code}`: {when}"))
        .collect();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut document = of_status(status);
    if let Some((_, code, _)) = problems.first() {
        (*code).clone_into(&mut document.code);
    }
    let example = serde_json::to_value(document).unwrap_or(json!(null));
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(Some(example));
    let mut answer = ResponseBuilder::new()
        .description(about.join("; "))
        .content(contracts::problem::MEDIA_TYPE, content.build());
    if matches!(status.as_u16(), 429 | 503) {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1));
        let header = HeaderBuilder::new().schema(Some(seconds)).description(Some(
            "Seconds after which to try again, where it can be said.",
        ));
        answer = answer.header("retry-after", header.build());
    }
    with_id(answer).build()
}

/// Every answer carries the request's id.
fn with_id(answer: ResponseBuilder) -> ResponseBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let header = HeaderBuilder::new()
        .schema(Some(text))
        .description(Some("The request's id, as in the log."));
    answer.header(shield::REQUEST_ID.as_str(), header.build())
}
