//! Shifts, quantities, logs, orders, users and files.

use wire::collection::{FileInfo, LogEntry, NewUser, Order, Quantity, Range, Shift, UserDetail};
use wire::contract::WriteOnly;

use super::{check, check_default, check_read, text};

#[test]
fn shifts_and_quantities() {
    let shift = Shift { id: 1, title: "t".to_owned(), branch_id: 2, start_time: 21_600_000, stop_time: 50_400_000 };
    check(&shift, r#"{"Id":1,"Title":"t","BranchId":2,"StartTime":21600000,"StopTime":50400000}"#);
    let range = Range { kind: text("k"), ranges: Vec::new() };
    check(
        &Quantity { id: 1, branch_id: 2, title: "t".to_owned(), range: Some(range) },
        r#"{"Id":1,"BranchId":2,"Title":"t","Range":{"type":"k","ranges":[]}}"#,
    );
}

#[test]
fn logs() {
    let entry = LogEntry {
        id: 1,
        account_id: Some(2),
        message: text("m"),
        level: text("v"),
        timestamp: Some(1_767_225_601_000),
        branch_id: 4,
        login: text("l"),
    };
    check(
        &entry,
        r#"{"Id":1,"AccountId":2,"Message":"m","Level":"v","Timestamp":1767225601000,"BranchId":4,"Login":"l"}"#,
    );
}

#[test]
fn orders() {
    let order = Order {
        order_id: 1,
        status: 255,
        created_by: Some(2),
        last_updated_by: Some(3),
        duration: Some(4000),
        item_count: Some(5),
        item_list: text("i"),
        created: 1_767_225_601_000,
        updated: 1_767_225_602_000,
        notes: text("n"),
    };
    check(
        &order,
        r#"{"OrderId":1,"Status":255,"CreatedBy":2,"LastUpdatedBy":3,"Duration":4000,"ItemCount":5,"ItemList":"i",
        "Created":1767225601000,"Updated":1767225602000,"Notes":"n"}"#,
    );
}

#[test]
fn users() {
    let user = UserDetail {
        id: 1,
        branch_id: 2,
        name: "n".to_owned(),
        surname: "s".to_owned(),
        email: text("e"),
        phone: text("p"),
        allow_demo: true,
    };
    check(&user, r#"{"Id":1,"BranchId":2,"Name":"n","Surname":"s","Email":"e","Phone":"p","AllowDemo":true}"#);
    let new = NewUser {
        login: text("l"),
        password: WriteOnly(None),
        name: "n".to_owned(),
        surname: "s".to_owned(),
        email: text("e"),
        phone: text("p"),
    };
    check(&new, r#"{"Login":"l","Name":"n","Surname":"s","Email":"e","Phone":"p"}"#);
}

#[test]
fn a_password_goes_in_and_never_out() {
    let user = NewUser { password: WriteOnly(text("made-up")), ..NewUser::default() };
    check_read(r#"{"Password":"made-up"}"#, &user);
    assert_ne!(user, NewUser::default());
    assert_eq!(serde_json::to_string(&user).unwrap(), serde_json::to_string(&NewUser::default()).unwrap());
}

#[test]
fn files() {
    let info = FileInfo { version: "1.2".to_owned(), size: 34567, name: text("n") };
    check(&info, r#"{"Version":"1.2","Size":34567,"Name":"n"}"#);
}

#[test]
fn nothing_set() {
    check_default::<Shift>("ShiftContract", r#"{"Id":0,"Title":"","BranchId":0,"StartTime":0,"StopTime":0}"#);
    check_default::<Quantity>("QuantityContract", r#"{"Id":0,"BranchId":0,"Title":""}"#);
    check_default::<LogEntry>("LogContract", r#"{"Id":0,"BranchId":0}"#);
    check_default::<Order>("OrderDataContract", r#"{"OrderId":0,"Status":0,"Created":0,"Updated":0}"#);
    check_default::<UserDetail>(
        "UserDetailContract",
        r#"{"Id":0,"BranchId":0,"Name":"","Surname":"","AllowDemo":false}"#,
    );
    check_default::<NewUser>("UserWriteContract", r#"{"Name":"","Surname":""}"#);
    check_default::<FileInfo>("FileInfoContract", r#"{"Version":"","Size":0}"#);
}
