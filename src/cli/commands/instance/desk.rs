//! What every command on instances works with: the fleet as known, a way to Azure, and whoever keeps the journal.

use std::sync::Arc;

use crate::azure::Azure;
use crate::cli::args::Rights;
use crate::cli::clock::SystemClock;
use crate::cli::commands::context::{CommandError, Context};
use crate::cli::commands::once::{on_the_journal, rehearsed};
use crate::cli::leadership::Leadership;
use crate::cli::outside::Outside;
use crate::cli::store_place::{holder, server};
use crate::cli::wire_up::{azure_apart, freeze_switch};
use crate::engine::Engine;
use crate::facts::{Freeze, OperationResult, StopResult, Tags, WorkspaceFacts};
use crate::ports::{Begun, Clock as _, Control as _, FreezeSwitch as _, StopRequest, Undertaking, Undertakings as _};
use crate::report::{FleetView, WorkspaceView};
use crate::settings::{Loaded, Settings};
use crate::store::{FileFreeze, Store};
use crate::units::InstanceId;
use crate::web::ControlClient;

/// What the desk is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To look: the journal is read where it can be, and never written.
    Look,
    /// To act: without the journal nothing is done.
    Act,
}

/// Who keeps the journal.
enum Book {
    /// The running service.
    Service(ControlClient),
    /// An engine of this call's own.
    Own(Box<Engine<Outside<SystemClock>>>),
}

/// See the module.
pub(super) struct Desk {
    /// By the identity of the settings, or that of whoever calls.
    pub(super) azure: Azure<SystemClock>,
    /// As last published.
    pub(super) view: Arc<FleetView>,
    pub(super) loaded: Loaded,
    /// Who asks, for the audit log.
    pub(super) who: String,
    /// This replica's own switch.
    freeze: FileFreeze,
    /// The switch of all replicas, where a service of them keeps the journal.
    shared: Option<Store>,
    book: Book,
}

impl Desk {
    /// Opens it; without a running service the fleet is read first.
    ///
    /// # Errors
    /// When settings are wrong, or the journal is needed and cannot be opened.
    pub(super) async fn open(context: &Context, purpose: Purpose, rights: Rights) -> Result<Self, CommandError> {
        let (settings, loaded) = context.usable()?;
        let (book, view) = match (context.service(&settings)?, purpose) {
            (Some(service), _) => {
                let view = Arc::new(service.view().await?);
                (Book::Service(service), view)
            }
            (None, Purpose::Look) => own(rehearsed(context, &settings, &loaded).await?),
            (None, Purpose::Act) => own(on_the_journal(context, &settings, &loaded).await?),
        };
        let azure = azure_apart(&settings, &context.environment, rights.as_me)?;
        if let Some(sheet) = &loaded.money.sheet {
            azure.use_sheet(sheet.clone());
        }
        let workspaces: Vec<WorkspaceFacts> = view.workspaces.values().map(facts_of).collect();
        azure.know(workspaces.iter());
        let shared = match &book {
            Book::Service(_) => of_all(context, &settings).await?,
            Book::Own(_) => None,
        };
        Ok(Self { azure, view, freeze: freeze_switch(&settings), shared, who: who(context, rights), book, loaded })
    }

    /// The freeze switch, read now.
    pub(super) fn freeze(&self) -> Freeze {
        match (&self.book, self.freeze.freeze()) {
            (Book::Own(engine), _) => engine.world().freeze(),
            (Book::Service(_), Freeze::Off) => {
                self.shared.as_ref().map_or(Freeze::Off, |store| store.freeze_of_all(SystemClock.steady()))
            }
            (Book::Service(_), frozen @ (Freeze::On(_) | Freeze::Unreadable(_))) => frozen,
        }
    }

    /// Has something that is about to be sent written down.
    ///
    /// # Errors
    /// When it may not be done, or could not be written: nothing is sent then.
    pub(super) async fn begin(&self, wish: Undertaking) -> Result<Begun, CommandError> {
        match &self.book {
            Book::Service(service) => Ok(service.begin(&wish).await?),
            Book::Own(engine) => Ok(engine.begin(wish).await?),
        }
    }

    /// It left, or may have.
    ///
    /// # Errors
    /// When that could not be written: then a later sweep finds out by looking.
    pub(super) async fn has_left(&self, id: &str) -> Result<(), CommandError> {
        match &self.book {
            Book::Service(service) => Ok(service.has_left(id).await?),
            Book::Own(engine) => Ok(engine.has_left(id.to_owned()).await?),
        }
    }

    /// It ended.
    ///
    /// # Errors
    /// As for [`Desk::has_left`].
    pub(super) async fn has_ended(&self, id: &str, result: OperationResult) -> Result<(), CommandError> {
        match &self.book {
            Book::Service(service) => Ok(service.has_ended(id, result).await?),
            Book::Own(engine) => Ok(engine.has_ended(id.to_owned(), result).await?),
        }
    }

    /// Stops an instance as the service stops; in words what became of it.
    ///
    /// # Errors
    /// When it may not be stopped, or could not be.
    pub(super) async fn stop_now(&self, request: StopRequest) -> Result<String, CommandError> {
        match &self.book {
            Book::Service(service) => Ok(service.stop_now(&request).await?),
            Book::Own(engine) => Ok(engine.stop_now(request).await?),
        }
    }

    /// Ends the journal's row of a stop that has shown: how the last one ended, none while it goes on.
    ///
    /// # Errors
    /// When nobody could look, or write.
    pub(super) async fn settle_stop(&self, id: &InstanceId) -> Result<Option<StopResult>, CommandError> {
        match &self.book {
            Book::Service(service) => Ok(service.settle_stop(id).await?),
            Book::Own(engine) => Ok(engine.settle_stop(id.clone()).await?),
        }
    }
}

fn own(engine: Engine<Outside<SystemClock>>) -> (Book, Arc<FleetView>) {
    let view = engine.last_view();
    (Book::Own(Box::new(engine)), view)
}

/// The row of all replicas beside a service that keeps the journal: read anew every two seconds for as long as this lasts.
async fn of_all(context: &Context, settings: &Settings) -> Result<Option<Store>, CommandError> {
    let Some(server) = server(settings, &context.environment)? else { return Ok(None) };
    let (store, lease) = Store::replica(&server, &holder(settings)).await?;
    Arc::new(Leadership::new(lease)).follow_switch().await;
    Ok(Some(store))
}

fn who(context: &Context, rights: Rights) -> String {
    let who = context.who();
    if rights.as_me { format!("{who} (with their own rights)") } else { who }
}

/// A workspace as far as the view has it.
pub(super) fn facts_of(place: &WorkspaceView) -> WorkspaceFacts {
    WorkspaceFacts { id: place.id.clone(), region: place.region.clone(), tags: Tags::default() }
}
