//! What every switch can do, and the cycle that is made of it.

use std::sync::Arc;
use std::time::Duration;

use assay_model::{
    Deadline, Fault, Touch,
    touch::power::{Power, PowerRequest, PowerResponse},
};
use async_trait::async_trait;

/// The power switch of one DUT.
#[async_trait]
pub trait Switch: Send + Sync + 'static {
    /// Turns it on or off; done when the switch says so, not when the DUT has booted.
    ///
    /// # Errors
    /// The switch cannot be reached or refused: never the DUT.
    async fn set(&self, on: bool, until: Deadline) -> Result<(), Fault>;

    /// Whether it is on; `None` where this switch cannot tell.
    ///
    /// # Errors
    /// As [`Switch::set`].
    async fn state(&self, until: Deadline) -> Result<Option<bool>, Fault>;
}

/// A [`Switch`] as a way of touching a DUT.
pub struct PowerSwitch {
    switch: Arc<dyn Switch>,
    /// One turn at a time: a DUT is not cut while it is being cut.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl PowerSwitch {
    /// Wraps a switch.
    pub fn new(switch: impl Switch) -> Self {
        Self { switch: Arc::new(switch), turn: Arc::default() }
    }
}

#[async_trait]
impl Touch<Power> for PowerSwitch {
    async fn call(&self, request: PowerRequest, until: Deadline) -> Result<PowerResponse, Fault> {
        if let PowerRequest::Cycle { off_ms } = request
            && Duration::from_millis(off_ms.into()) >= until.remaining()
        {
            let text = format!("the power would have to stay off for {off_ms} ms, which is past the deadline");
            return Err(Fault::plan("bad-parameter", text));
        }
        let busy = || Fault::timeout("the power switch was busy with an earlier turn");
        let turn = tokio::time::timeout_at(until.instant().into(), Arc::clone(&self.turn).lock_owned());
        let turn = turn.await.map_err(|_| busy())?;
        let switch = Arc::clone(&self.switch);
        // A task of its own: an asker that goes away must not leave a DUT without power in the middle of a cycle.
        let turning = tokio::spawn(async move {
            let done = act(&*switch, request, until).await;
            drop(turn);
            done
        });
        turning.await.map_err(|e| Fault::adapter("power-task", format!("turning the power ended early: {e}")))?
    }
}

async fn act(switch: &dyn Switch, request: PowerRequest, until: Deadline) -> Result<PowerResponse, Fault> {
    match request {
        PowerRequest::On => switch.set(true, until).await?,
        PowerRequest::Off => switch.set(false, until).await?,
        PowerRequest::Cycle { off_ms } => {
            switch.set(false, until).await?;
            tokio::time::sleep(Duration::from_millis(off_ms.into())).await;
            // Even if the deadline has passed meanwhile: what follows needs a DUT with power.
            switch.set(true, until.max(Deadline::after(Duration::from_secs(10)))).await?;
        }
        PowerRequest::State => {}
    }
    Ok(PowerResponse::Is { on: switch.state(until).await? })
}
