//! What only `timbr.fidelity = "strict"` refuses beside other content types: whatever the documents do not allow, §3 and §4.

use http::header::AUTHORIZATION;
use wire::header;

use super::error::Refusal;
use crate::call::Call;
use crate::config::Fidelity;
use crate::operation::TimbrOperation;
use crate::reason::Reason;

pub(super) fn check(call: &Call<'_>, operation: TimbrOperation) -> Result<(), Refusal> {
    if call.setup.settings.timbr.fidelity != Fidelity::Strict {
        return Ok(());
    }
    if operation == TimbrOperation::GetToken {
        let scheme = call.header(AUTHORIZATION.as_str()).map(|value| value.strip_prefix("Bearer "));
        return match scheme {
            Some(None) => Err(unlike_the_documents()),
            Some(Some(token)) if token.starts_with(' ') => Err(unlike_the_documents()),
            Some(Some(_)) | None => Ok(()),
        };
    }
    if call.header(header::X_API_KEY).is_some() && call.header(header::X_JWT_TOKEN).is_some() {
        let detail = "Bad Request: send x-api-key or x-jwt-token, not both";
        return Err(Refusal::BadRequest(Reason::KeyAndJwt.because(detail)));
    }
    Ok(())
}

fn unlike_the_documents() -> Refusal {
    let detail = "the documents write the scheme \"Bearer\", one space, and the bearer";
    Refusal::BadBearer(Reason::BearerMissing.because(detail))
}
