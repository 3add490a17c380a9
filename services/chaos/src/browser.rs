//! A browser as far as streams are concerned: signs in, opens an `EventSource`, keeps everything that arrives.

mod event_stream;
mod fleet;
mod login;
mod profile;
mod record;
mod source;

pub(crate) use fleet::Fleet;
pub(crate) use profile::{OUTCAST, Place, Profile, USERS};
pub(crate) use record::{Arrival, Record};
