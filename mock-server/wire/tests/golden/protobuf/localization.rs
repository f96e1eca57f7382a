//! Log in and localization.

use wire::authorization::{Credential, TokenContract};
use wire::localization::{DeviceLocations, Distance, Location};

use super::{check, check_contract, parse};

#[test]
fn log_in() {
    check_contract::<Credential>(
        r#"{"Client":"acme","Login":"agv-07","Password":"made-up"}"#,
        "0a0461636d65 12066167762d3037 1a076d6164652d7570",
    );
    check_contract::<TokenContract>(
        r#"{"Client":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Token":"bWFkZS11cA==","Expiration":1767312000123,
        "Created":1767225600127,"Branch":"b5a9d7f4-2c6e-4c0b-9d57-6a1e8f3c4d21"}"#,
        "0a2433663063316135322d396431312d346137652d386137302d306435633262376531663130 120c6257466b5a53313163413d3d
         18fb8884e0b733 20ffd0eab6b733 2a2462356139643766342d326336652d346330622d396435372d366131653866336334643231",
    );
}

#[test]
fn localization() {
    check_contract::<Distance>(r#"{"BeaconId":6,"Distance":2.5,"RSSI":-70}"#, "0806 1500002040 18baffffffffffffffff01");
    check_contract::<Location>(
        r#"{"Timestamp":1767225601000,"SectorId":2,"X":12500.5,"Y":8300,"Z":-1.25,"Interval":1000,"Battery":87,
        "IsMoving":true,"LocalizationAreas":[4,300],"NoGoAreas":[5,0],
        "Distances":[{"BeaconId":6,"Distance":2.5,"RSSI":-70},{"BeaconId":7}]}"#,
        "08e8d7eab6b733 1002 1d00524346 2500b00146 2d0000a0bf 30e807 3857 4001
         4a120806150000204018baffffffffffffffff01 4a020807 520304ac02 5a020500",
    );
    check_contract::<DeviceLocations>(
        r#"{"Login":"agv-07","Locations":[{"Timestamp":1,"X":2},{"Timestamp":3,"NoGoAreas":[4]}]}"#,
        "0a066167762d3037 120708011d00000040 120508035a0104",
    );
}

#[test]
fn lists() {
    check(
        &parse::<Vec<DeviceLocations>>(
            r#"[{"Login":"agv-07","Locations":[{"Timestamp":1,"X":2},{"Timestamp":3,"NoGoAreas":[4]}]},
            {"Login":"agv-08"}]"#,
        ),
        "0a180a066167762d3037120708011d00000040120508035a0104 0a080a066167762d3038",
    );
    check(&parse::<Vec<Location>>(r#"[{"Timestamp":1,"Battery":2},{}]"#), "0a0408013802 0a00");
    check(&Vec::<Location>::new(), "");
}
