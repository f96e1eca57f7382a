//! Whether the bearer of a device stands: `devices/man-down` and its batch, §6.

use wire::collection::{ManDown, ManDownResult};
use wire::contract::Loose;
use wire::localization::Action;

use super::media::Invalid;
use super::problem::Refusal;
use super::work::Work;
use crate::answer::Answer;
use crate::config::ActionForm;
use crate::directory::AccountKind;
use crate::reason::Reason;

/// `POST devices/man-down`.
pub(super) fn one(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let event: ManDown = work.take()?;
    if event.login.is_none() {
        return Err(Refusal::BadBody(Invalid::required([("Login", "Login")])));
    }
    let result = store(work, &event);
    Ok(work.ok(&result))
}

/// `POST devices/man-down/batch`.
pub(super) fn batch(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let events: Vec<ManDown> = work.take_list()?;
    let nameless = events.iter().enumerate().filter(|(_, event)| event.login.is_none());
    let nameless: Vec<String> = nameless.map(|(index, _)| format!("[{index}].Login")).collect();
    Invalid::required(nameless.iter().map(|path| (path.as_str(), "Login"))).or_ok().map_err(Refusal::BadBody)?;
    let results: Vec<ManDownResult> = events.iter().map(|event| store(work, event)).collect();
    Ok(work.ok(&results))
}

fn store(work: &mut Work<'_>, event: &ManDown) -> ManDownResult {
    let login = event.login.clone().unwrap_or_default();
    let refusal = match work.holder(AccountKind::Device, &login) {
        None => Some((Reason::DeviceNotInBranch, format!("Device {login} does not exist."))),
        Some(_) if !work.may_bring(&login) => {
            Some((Reason::LoginOfOther, format!("Device {login} cannot be written with this token.")))
        }
        Some((account, _)) => {
            work.sandbox.positions.fall(account, event.timestamp, event.fall_type, work.call.now);
            None
        }
    };
    let action = if refusal.is_none() { Action::Create } else { Action::NoAction };
    let success = refusal.is_none();
    let error_message = refusal.map(|(reason, message)| {
        let refused = || reason.because(format!("answered 200 with Success false: {message}"));
        work.outcome.refused.get_or_insert_with(refused);
        message
    });
    let action = match work.settings().answers.man_down_action {
        ActionForm::Number => action.number().into(),
        ActionForm::Name => action.name().into(),
    };
    ManDownResult { login, timestamp: event.timestamp, action: Loose(action), success, error_message }
}
