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
    ($vendor:ident, $(#[$outer:meta])* $kind:ident { $($name:ident = $text:literal, $method:ident $route:literal;)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $kind {
            $(#[doc = concat!("`", stringify!($method), " ", $route, "`")] $name,)*
        }

        impl $kind {
            pub(crate) const ALL: &[Operation] = &[$(Operation::$vendor(Self::$name),)*];

            fn method(self) -> &'static Method {
                match self {
                    $(Self::$name => &Method::$method,)*
                }
            }

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
        Authenticate = "authenticate", POST "Authorization/Authenticate";
        Refresh = "refresh", GET "Authorization/Token";
        DeleteToken = "delete_token", DELETE "Authorization/Token";
        Localization = "localization", POST "localization";
        LocalizationBatch = "localization_batch", POST "localization/batch";
        AreasList = "areas.list", GET "areas";
        AreasGet = "areas.get", GET "areas/{id}";
        AreasCreate = "areas.create", POST "areas";
        AreasPatch = "areas.patch", PATCH "areas/{id}";
        AreasDelete = "areas.delete", DELETE "areas/{id}";
        AreasOccurrence = "areas.occurrence", GET "areas/grid-area-occurrence";
        AosOrders = "aos.orders", GET "aos/v2/data/orders";
        BeaconsList = "beacons.list", GET "beacons";
        BeaconsGet = "beacons.get", GET "beacons/{id}";
        BeaconsCreate = "beacons.create", POST "beacons";
        BeaconsPatch = "beacons.patch", PATCH "beacons/{id}";
        BeaconsDelete = "beacons.delete", DELETE "beacons/{id}";
        BranchesList = "branches.list", GET "branches";
        BranchesGet = "branches.get", GET "branches/{id}";
        ClientsList = "clients.list", GET "clients";
        ConfigurationBranch = "configuration.branch", GET "configuration/branch/{key}";
        ConfigurationAccount = "configuration.account", GET "configuration/account/{key}";
        ConfigurationLogin = "configuration.login", GET "configuration/account/{login}/{key}";
        ConfigurationChanged = "configuration.last_change", GET "configuration/{key}/last-change";
        DevicesList = "devices.list", GET "devices";
        DevicesGet = "devices.get", GET "devices/{id}";
        DevicesCreate = "devices.create", POST "devices";
        DevicesPatch = "devices.patch", PATCH "devices/{id}";
        DevicesDelete = "devices.delete", DELETE "devices/{id}";
        DevicesGetByLogin = "devices.get_by_login", GET "devices/login/{login}";
        DevicesLocations = "devices.locations", GET "devices/locations";
        DevicesDynamic = "devices.dynamic_locations", GET "devices/dynamic-locations";
        DevicesDynamicShort = "devices.dynamic_locations_short", GET "devices/dynamic-locations-short";
        DevicesManDown = "devices.man_down", POST "devices/man-down";
        DevicesManDownBatch = "devices.man_down_batch", POST "devices/man-down/batch";
        LayersList = "layers.list", GET "layers";
        LayersGet = "layers.get", GET "layers/{id}";
        LayersCreate = "layers.create", POST "layers";
        LayersPatch = "layers.patch", PATCH "layers/{id}";
        LayersDelete = "layers.delete", DELETE "layers/{id}";
        LayersLocalization = "layers.localization", GET "layers/localization/{login}";
        LayersLocalizationPost = "layers.localization_post", POST "layers/localization";
        LayersNoGo = "layers.no_go", GET "layers/device/{login}";
        LogsCreate = "logs.create", POST "logs";
        PathsList = "paths.list", GET "paths";
        PathsGet = "paths.get", GET "paths/{id}";
        QuantitiesList = "quantities.list", GET "quantities";
        QuantitiesGet = "quantities.get", GET "quantities/{id}";
        QuantitiesCreate = "quantities.create", POST "quantities";
        QuantitiesPatch = "quantities.patch", PATCH "quantities/{id}";
        QuantitiesDelete = "quantities.delete", DELETE "quantities/{id}";
        SectorsList = "sectors.list", GET "sectors";
        SectorsGet = "sectors.get", GET "sectors/{id}";
        SectorsCreate = "sectors.create", POST "sectors";
        SectorsPatch = "sectors.patch", PATCH "sectors/{id}";
        SectorsDelete = "sectors.delete", DELETE "sectors/{id}";
        SensorDatasList = "sensor_datas.list", GET "sensor-datas";
        SensorDatasGet = "sensor_datas.get", GET "sensor-datas/{id}";
        SensorDatasCreate = "sensor_datas.create", POST "sensor-datas";
        SensorDatasPatch = "sensor_datas.patch", PATCH "sensor-datas/{id}";
        SensorDatasDelete = "sensor_datas.delete", DELETE "sensor-datas/{id}";
        SensorsList = "sensors.list", GET "sensors";
        SensorsGet = "sensors.get", GET "sensors/{id}";
        SensorsCreate = "sensors.create", POST "sensors";
        SensorsPatch = "sensors.patch", PATCH "sensors/{id}";
        SensorsDelete = "sensors.delete", DELETE "sensors/{id}";
        SensorsGetByLogin = "sensors.get_by_login", GET "sensors/login/{login}";
        SensorsAppInfo = "sensors.app_info", GET "sensors/app-info";
        SensorsData = "sensors.sensor_data", POST "sensors/sensor-data";
        SensorsBatch = "sensors.batch", POST "sensors/batch";
        ShiftsList = "shifts.list", GET "shifts";
        ShiftsGet = "shifts.get", GET "shifts/{id}";
        ShiftsCreate = "shifts.create", POST "shifts";
        ShiftsPatch = "shifts.patch", PATCH "shifts/{id}";
        ShiftsDelete = "shifts.delete", DELETE "shifts/{id}";
        UsersCreate = "users.create", POST "users";
        UsersDetail = "users.detail", GET "users/detail";
        UtilsDemoFiles = "utils.demo_files_info", GET "utils/demo-files-info";
        UtilsFile = "utils.file", GET "utils/file/{name}";
        UtilsDemoFile = "utils.demo_file", GET "utils/demo-file/{name}";
        UtilsUnityVersion = "utils.unity_last_version", GET "utils/unity-last-version/{platform}";
        UtilsBundle = "utils.unity_bundle_info", GET "utils/unity-bundle-info/{bundle}";
    }
}

operations! {
    Timbr,
    /// What Timbr can be asked for.
    TimbrOperation {
        GetToken = "timbr.get_token", POST "api/get_token";
        GetUserToken = "timbr.get_user_token", GET "get_timbr_user_token";
        LoginPage = "timbr.login_page", GET "/login";
        Login = "timbr.login", POST "/login";
        Query = "timbr.query", POST "api/query";
        OpenapiQuery = "timbr.openapi_query", POST "openapi/ontology/{ontology}/query";
        AsyncResult = "timbr.async_result", GET "openapi/get-async-results/{id}";
        GetOntologies = "timbr.get_ontologies", GET "api/get_ontologies";
        GetOntology = "timbr.get_ontology", POST "api/get_ontology/{ontology}";
        Concept = "timbr.concept", GET "api/q/{ontology}/concept/{concept}";
        View = "timbr.view", GET "api/q/{ontology}/view/{view}";
        GetConfig = "timbr.get_config", POST "api/get_config/{name}";
        ClearCache = "timbr.clear_cache", POST "api/clear_cache/{ontology}";
        LlmPrompts = "timbr.llm_prompts", POST "api/llm_prompts/{name}";
        Conversation = "timbr.conversation_history", GET "api/fetch_conversation_history";
        KbSearch = "timbr.kb_search", POST "api/kb/search";
        ExecutePrompt = "timbr.execute_prompt", POST "openapi/execute/prompt";
        ExecuteAnswer = "timbr.execute_answer", POST "openapi/execute/answer";
        ShowOntologies = "timbr.show_ontologies", GET "openapi/execute/show_ontologies";
        LogAgent = "timbr.log_agent", POST "/timbr-server/log_agent/{event}";
        LogBenchmark = "timbr.log_benchmark", POST "/timbr-server/log_benchmark/{event}";
    }
}

/// A part of an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    Request,
    Answer,
}

/// Where a request leads.
#[derive(Debug)]
pub(crate) enum Route {
    /// To an operation, with the variable segments of its path, decoded.
    To(Operation, Vec<String>),
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

    /// Its path below the vendor's prefixes, with the variable segments in braces. One that begins with a slash is
    /// whole: it stands beside the prefixes.
    pub fn route(self) -> &'static str {
        match self {
            Self::Twinzo(operation) => operation.route(),
            Self::Timbr(operation) => operation.route(),
        }
    }

    /// Its whole paths: one for each prefix of the vendor.
    pub fn paths(self) -> Vec<String> {
        let route = self.route();
        if route.starts_with('/') {
            return vec![route.to_owned()];
        }
        self.vendor().prefixes().iter().map(|prefix| format!("{prefix}/{route}")).collect()
    }

    /// The method that it is called with.
    pub fn method(self) -> &'static Method {
        match self {
            Self::Twinzo(operation) => operation.method(),
            Self::Timbr(operation) => operation.method(),
        }
    }

    /// A protobuf body of it as JSON, if it has such bodies.
    pub(crate) fn message_as_json(self, part: Part, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Twinzo(operation) => crate::twinzo::message_as_json(operation, part, bytes),
            Self::Timbr(_) => None,
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

    /// What stands before the paths of its API.
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
    pub(crate) fn choose(method: &Method, operations: &[Operation], segments: Vec<String>) -> Self {
        if let Some(operation) = operations.iter().find(|operation| operation.method() == method) {
            return Self::To(*operation, segments);
        }
        let vendor = operations.first().map_or(Vendor::Twinzo, |operation| operation.vendor());
        Self::WrongMethod(vendor, operations.iter().map(|operation| operation.method().clone()).collect())
    }

    /// In one word, for tables of tests.
    #[cfg(test)]
    pub(crate) fn describe(route: Option<Self>) -> String {
        match route {
            Some(Self::To(operation, segments)) if segments.is_empty() => operation.to_string(),
            Some(Self::To(operation, segments)) => format!("{operation} {}", segments.join(" ")),
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
            for path in operation.paths() {
                let segments = path.split('/').map(|segment| match segment {
                    "{id}" => "1",
                    segment if segment.starts_with('{') => "x",
                    segment => segment,
                });
                let path = segments.collect::<Vec<_>>().join("/");
                let found = Route::find(operation.method(), &path);
                assert!(matches!(found, Route::To(found, _) if found == operation), "{operation}: {found:?}");
            }
        }
    }
}
