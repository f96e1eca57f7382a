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
    ($($(#[$doc:meta])* $name:ident = $text:literal, $vendor:ident;)*) => {
        /// One operation of one vendor.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// Every operation, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name that faults and the journal use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Whose operation it is.
            pub fn vendor(self) -> Vendor {
                match self {
                    $(Self::$name => Vendor::$vendor,)*
                }
            }
        }
    };
}

operations! {
    /// `POST Authorization/Authenticate`
    Authenticate = "authenticate", Twinzo;
    /// `GET Authorization/Token`
    Refresh = "refresh", Twinzo;
    /// `DELETE Authorization/Token`
    DeleteToken = "delete_token", Twinzo;
    /// `POST localization`
    Localization = "localization", Twinzo;
    /// `POST localization/batch`
    LocalizationBatch = "localization_batch", Twinzo;
    /// `GET branches`
    BranchesList = "branches.list", Twinzo;
    /// `GET branches/{id}`
    BranchesGet = "branches.get", Twinzo;
    /// `GET sectors`
    SectorsList = "sectors.list", Twinzo;
    /// `GET sectors/{id}`
    SectorsGet = "sectors.get", Twinzo;
    /// `GET devices`
    DevicesList = "devices.list", Twinzo;
    /// `GET devices/{id}`
    DevicesGet = "devices.get", Twinzo;
    /// `GET devices/login/{login}`
    DevicesGetByLogin = "devices.get_by_login", Twinzo;
    /// `GET devices/locations/?deviceId=&from=&to=`
    DevicesLocations = "devices.locations", Twinzo;
    /// `GET clients`
    ClientsList = "clients.list", Twinzo;
    /// `POST /timbr/api/get_token`
    TimbrGetToken = "timbr.get_token", Timbr;
    /// `POST /timbr/api/query/`
    TimbrQuery = "timbr.query", Timbr;
    /// `POST /timbr/openapi/ontology/{ontology}/query`
    TimbrOpenapiQuery = "timbr.openapi_query", Timbr;
    /// `GET /timbr/api/get_ontologies/`
    TimbrGetOntologies = "timbr.get_ontologies", Timbr;
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
    /// The operation of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.name() == name)
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
        crate::twinzo::route(method, path)
            .or_else(|| crate::timbr::route(method, path))
            .unwrap_or(Self::Outside)
    }

    /// Picks by method among the operations of one path.
    pub(crate) fn choose(
        vendor: Vendor,
        method: &Method,
        operations: &[(Method, Operation)],
        segment: Option<String>,
    ) -> Self {
        match operations.iter().find(|(candidate, _)| candidate == method) {
            Some((_, operation)) => Self::To(*operation, segment),
            None => Self::WrongMethod(
                vendor,
                operations
                    .iter()
                    .map(|(method, _)| method.clone())
                    .collect(),
            ),
        }
    }
}
