//! What can be asked of the vendors: one name for each operation, used by routing, faults and the journal alike.

use std::fmt;

use http::Method;

/// Whose route it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Vendor {
    /// Indoor positioning.
    Twinzo,
    /// SQL over knowledge graphs.
    Timbr,
}

macro_rules! operations {
    ($vendor:ident, $(#[$outer:meta])* $kind:ident { $($(#[$doc:meta])* $name:ident = $text:literal at $route:literal;)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $kind {
            $($(#[$doc])* $name,)*
        }

        impl $kind {
            const ALL: &[Operation] = &[$(Operation::$vendor(Self::$name),)*];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            fn route(self) -> &'static str {
                match self {
                    $(Self::$name => $route,)*
                }
            }
        }
    };
}

/// One operation of one vendor.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    /// One of twinzo's.
    Twinzo(TwinzoOperation),
    /// One of Timbr's.
    Timbr(TimbrOperation),
}

operations! {
    Twinzo,
    /// What twinzo can be asked for.
    TwinzoOperation {
        /// `POST Authorization/Authenticate`
        Authenticate = "authenticate" at "Authorization/Authenticate";
        /// `GET Authorization/Token`
        Refresh = "refresh" at "Authorization/Token";
        /// `DELETE Authorization/Token`
        DeleteToken = "delete_token" at "Authorization/Token";
        /// `POST localization`
        Localization = "localization" at "localization";
        /// `POST localization/batch`
        LocalizationBatch = "localization_batch" at "localization/batch";
        /// `GET branches`
        BranchesList = "branches.list" at "branches";
        /// `GET branches/{id}`
        BranchesGet = "branches.get" at "branches/{id}";
        /// `GET sectors`
        SectorsList = "sectors.list" at "sectors";
        /// `GET sectors/{id}`
        SectorsGet = "sectors.get" at "sectors/{id}";
        /// `GET devices`
        DevicesList = "devices.list" at "devices";
        /// `GET devices/{id}`
        DevicesGet = "devices.get" at "devices/{id}";
        /// `GET devices/login/{login}`
        DevicesGetByLogin = "devices.get_by_login" at "devices/login/{login}";
        /// `GET devices/locations/?deviceId=&from=&to=`
        DevicesLocations = "devices.locations" at "devices/locations";
        /// `GET clients`
        ClientsList = "clients.list" at "clients";
    }
}

operations! {
    Timbr,
    /// What Timbr can be asked for.
    TimbrOperation {
        /// `POST /timbr/api/get_token`
        GetToken = "timbr.get_token" at "api/get_token";
        /// `POST /timbr/api/query/`
        Query = "timbr.query" at "api/query";
        /// `POST /timbr/openapi/ontology/{ontology}/query`
        OpenapiQuery = "timbr.openapi_query" at "openapi/ontology/{ontology}/query";
        /// `GET /timbr/api/get_ontologies/`
        GetOntologies = "timbr.get_ontologies" at "api/get_ontologies";
    }
}

/// Where a request leads.
#[derive(Debug)]
pub(crate) enum Route {
    /// To an operation, with the one variable segment of its path, decoded.
    To(Operation, Option<String>),
    /// To a path of the vendor that knows other methods only.
    WrongMethod(Vendor, Vec<Method>),
    /// Nowhere within the vendor's paths.
    Unknown(Vendor),
    /// Outside every vendor's paths.
    Outside,
}

// === impl Operation ===

impl Operation {
    /// Every operation, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        TwinzoOperation::ALL.iter().chain(TimbrOperation::ALL).copied()
    }

    /// The operation of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|operation| operation.name() == name)
    }

    /// The name that faults and the journal use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twinzo(operation) => operation.name(),
            Self::Timbr(operation) => operation.name(),
        }
    }

    /// Its path below the vendor's prefixes, with the variable segment in braces.
    pub fn route(self) -> &'static str {
        match self {
            Self::Twinzo(operation) => operation.route(),
            Self::Timbr(operation) => operation.route(),
        }
    }

    /// The method that it is called with.
    pub fn method(self) -> &'static Method {
        match self {
            Self::Twinzo(
                TwinzoOperation::Authenticate | TwinzoOperation::Localization | TwinzoOperation::LocalizationBatch,
            )
            | Self::Timbr(TimbrOperation::GetToken | TimbrOperation::Query | TimbrOperation::OpenapiQuery) => {
                &Method::POST
            }
            Self::Twinzo(TwinzoOperation::DeleteToken) => &Method::DELETE,
            Self::Twinzo(_) | Self::Timbr(TimbrOperation::GetOntologies) => &Method::GET,
        }
    }

    /// Whose operation it is.
    pub fn vendor(self) -> Vendor {
        match self {
            Self::Twinzo(_) => Vendor::Twinzo,
            Self::Timbr(_) => Vendor::Timbr,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// === impl Vendor ===

impl Vendor {
    /// Both, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Twinzo, Self::Timbr];

    /// What stands before every path of its API.
    pub fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Twinzo => &wire::path::TWINZO_PREFIXES,
            Self::Timbr => &["/timbr"],
        }
    }

    /// The name that faults and the journal use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Twinzo => "twinzo",
            Self::Timbr => "timbr",
        }
    }
}

// === impl Route ===

impl Route {
    /// Finds the operation of a request.
    pub(crate) fn find(method: &Method, path: &str) -> Self {
        crate::twinzo::route(method, path).or_else(|| crate::timbr::route(method, path)).unwrap_or(Self::Outside)
    }

    /// Picks by method among the operations of one path; each knows its own.
    pub(crate) fn choose(method: &Method, operations: &[Operation], segment: Option<String>) -> Self {
        if let Some(operation) = operations.iter().find(|operation| operation.method() == method) {
            return Self::To(*operation, segment);
        }
        let vendor = operations.first().map_or(Vendor::Twinzo, |operation| operation.vendor());
        Self::WrongMethod(vendor, operations.iter().map(|operation| operation.method().clone()).collect())
    }

    /// In one word, for tables of tests.
    #[cfg(test)]
    pub(crate) fn describe(route: Option<Self>) -> String {
        match route {
            Some(Self::To(operation, None)) => operation.to_string(),
            Some(Self::To(operation, Some(segment))) => format!("{operation} {segment}"),
            Some(Self::WrongMethod(_, allowed)) => format!("405 {allowed:?}"),
            Some(Self::Unknown(_)) => "404".to_owned(),
            Some(Self::Outside) | None => "outside".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_at_its_route() {
        for operation in Operation::all() {
            let route = operation.route().replace("{id}", "1").replace("{login}", "x").replace("{ontology}", "x");
            for prefix in operation.vendor().prefixes() {
                let found = Route::find(operation.method(), &format!("{prefix}/{route}"));
                assert!(matches!(found, Route::To(found, _) if found == operation), "{operation}: {found:?}");
            }
        }
    }
}
