//! Lines of logs that clients send, §6.

use http::StatusCode;
use wire::collection::LogEntry;

use super::problem::Refusal;
use super::rows;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::AccountId;

/// `POST logs`. A line that names a login, or else one that comes with a token, is about that account. No route reads
/// lines back, so none is kept; only their numbers go on.
pub(super) fn create(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let query = work.query_of_row::<LogEntry>()?;
    let entry = rows::add::<LogEntry>(work, &query)?;
    let (branch, number) = (work.branch(), entry.id);
    work.edit(|directory| Ok(directory.remove_row::<LogEntry>(branch, number)))?;
    let directory = work.directory();
    let named = entry.login.as_deref().and_then(|login| directory.account_by_login(work.signed.client, login));
    let account = named.or_else(|| work.signed.account());
    let account_id = entry.account_id.or_else(|| account.map(AccountId::number));
    Ok(work.row(StatusCode::CREATED, LogEntry { account_id, ..entry }, &query))
}
