//! Shifts, quantities, logs, orders, users and files.

use crate::collection::Range;
use crate::contract;
use crate::contract::WriteOnly;

contract! {
    /// A shift.
    pub struct Shift = "ShiftContract" {
        /// Number of the shift, as in `shiftId`.
        id: i32 = "Id",
        /// Name of the shift.
        title: String = "Title",
        /// Number of its branch.
        branch_id: i32 = "BranchId",
        /// When it begins: milliseconds since midnight, as far as can be told.
        start_time: i64 = "StartTime",
        /// When it ends.
        stop_time: i64 = "StopTime",
    }

    /// A quantity that sensors measure.
    pub struct Quantity = "QuantityContract" {
        /// Number of the quantity.
        id: i32 = "Id",
        /// Number of its branch.
        branch_id: i32 = "BranchId",
        /// Name of the quantity.
        title: String = "Title",
        /// How the vendor's apps colour it.
        range: Option<Range> = "Range",
    }

    /// A line of a log.
    pub struct LogEntry = "LogContract" {
        /// Number of the line.
        id: i32 = "Id",
        /// Number of the account that it is about.
        account_id: Option<i32> = "AccountId",
        /// What happened.
        message: Option<String> = "Message",
        /// How bad it is.
        level: Option<String> = "Level",
        /// Unix milliseconds; the time at which it came, if it says none.
        timestamp: Option<i64> = "Timestamp",
        /// Number of its branch.
        branch_id: i32 = "BranchId",
        /// Login that it is about.
        login: Option<String> = "Login",
    }

    /// An order of the vendor's order system (AOS).
    pub struct Order = "OrderDataContract" {
        /// Number of the order.
        order_id: i32 = "OrderId",
        /// State of the order.
        status: u8 = "Status",
        /// Number of the account that made it.
        created_by: Option<i32> = "CreatedBy",
        /// Number of the account that changed it last.
        last_updated_by: Option<i32> = "LastUpdatedBy",
        /// Milliseconds that it took.
        duration: Option<i64> = "Duration",
        /// How many items it has.
        item_count: Option<i32> = "ItemCount",
        /// The items.
        item_list: Option<String> = "ItemList",
        /// Unix milliseconds.
        created: i64 = "Created",
        /// Unix milliseconds.
        updated: i64 = "Updated",
        /// Free text.
        notes: Option<String> = "Notes",
    }

    /// A user, to itself.
    pub struct UserDetail = "UserDetailContract" {
        /// Number of the user.
        id: i32 = "Id",
        /// Number of its branch.
        branch_id: i32 = "BranchId",
        /// First name.
        name: String = "Name",
        /// Last name.
        surname: String = "Surname",
        /// Mail address.
        email: Option<String> = "Email",
        /// Phone number.
        phone: Option<String> = "Phone",
        /// Whether the vendor's demo is open to it.
        allow_demo: bool = "AllowDemo",
    }

    /// A user to be made. The vendor does not document this.
    pub struct NewUser = "UserWriteContract" {
        /// Login of the user.
        login: Option<String> = "Login",
        /// Password to log in with.
        password: WriteOnly<Option<String>> = "Password",
        /// First name.
        name: String = "Name",
        /// Last name.
        surname: String = "Surname",
        /// Mail address.
        email: Option<String> = "Email",
        /// Phone number.
        phone: Option<String> = "Phone",
    }

    /// A file of the vendor's apps.
    pub struct FileInfo = "FileInfoContract" {
        /// Its version.
        version: String = "Version",
        /// Its size in bytes.
        size: i64 = "Size",
        /// Its name.
        name: Option<String> = "Name",
    }
}
