use contracts::{
    RoleId,
    state::{AudienceChange, Changed, Role},
};
use discord::model;
use event_bus::StateOp;

use super::Draft;

/// `GUILD_ROLE_CREATE`, `GUILD_ROLE_UPDATE`.
pub(super) fn set(draft: &mut Draft<'_>, role: &model::Role) {
    let new = Role {
        id: role.id,
        name: role.name.clone(),
        permissions: role.permissions,
        position: i32::try_from(role.position).unwrap_or_default(),
    };
    let was = draft.state.role(new.id).cloned();
    if was.as_ref() != Some(&new) {
        draft.store(StateOp::SetRole(new.clone()));
        draft.audience(AudienceChange::Role(Changed::from(was, new)));
    }
}

/// `GUILD_ROLE_DELETE`. Members keep its id until Discord says otherwise; it grants nothing.
pub(super) fn remove(draft: &mut Draft<'_>, role: RoleId) {
    if let Some(gone) = draft.state.role(role).cloned() {
        draft.store(StateOp::RemoveRole(role));
        draft.audience(AudienceChange::RoleGone(gone));
    }
}
