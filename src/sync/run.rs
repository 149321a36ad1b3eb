//! State shared by all streams of one `read`.

use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::rows::Rows;
use super::session::Session;
use crate::protocol::{IncomingState, MessageSender};
use crate::streams::PageBudget;

/// State shared by all streams of one run.
pub(super) struct Run<'a> {
    pub(super) session: &'a Session,
    pub(super) sender: &'a MessageSender,
    pub(super) state: &'a IncomingState,
    pub(super) rows: Rows<'a>,
    pub(super) started: Instant,
    pub(super) page_budget: PageBudget,
    pub(super) asked_for_time: OnceCell<()>,
}
