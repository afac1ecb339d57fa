//! What everybody of a run shares.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use azimuth_stack::failure::Done;
use azimuth_stack::sandbox::Sandbox;

use crate::api::Api;
use crate::book::Book;
use crate::fleet::Fleet;

/// The sandbox's tokens live 75 minutes.
const TOKEN_RENEWED_AFTER: Duration = Duration::from_mins(30);

pub struct World {
    pub sandbox: Sandbox,
    pub fleet: Rc<Fleet>,
    pub api: Api,
    pub book: RefCell<Book>,
    /// The handler's data folder.
    pub data: PathBuf,
    /// Where the ledger's changes are.
    pub ledger: PathBuf,
    /// Whether people begin further turns.
    pub asks: Cell<bool>,
    /// When everybody gives up.
    pub deadline: Cell<Instant>,
    tokens: RefCell<BTreeMap<&'static str, (String, Instant)>>,
}

impl World {
    pub fn new(sandbox: Sandbox, fleet: Rc<Fleet>, data: PathBuf, ledger: PathBuf) -> Self {
        Self {
            sandbox,
            api: Api::new(Rc::clone(&fleet)),
            fleet,
            book: RefCell::default(),
            data,
            ledger,
            asks: Cell::new(true),
            deadline: Cell::new(Instant::now() + Duration::from_mins(2)),
            tokens: RefCell::default(),
        }
    }

    /// A person's token.
    pub async fn token(&self, name: &'static str) -> Done<String> {
        if let Some((token, since)) = self.tokens.borrow().get(name)
            && since.elapsed() < TOKEN_RENEWED_AFTER
        {
            return Ok(token.clone());
        }
        let (token, _) = self.sandbox.token(name, None).await?;
        let kept = (token.clone(), Instant::now());
        self.tokens.borrow_mut().insert(name, kept);
        Ok(token)
    }
}
