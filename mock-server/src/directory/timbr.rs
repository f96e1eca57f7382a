//! What the Timbr service knows: users and ontologies.

use std::sync::Arc;

/// What the Timbr service knows. Its users' tokens are static keys.
#[derive(Clone, Debug, Default)]
pub struct TimbrDirectory {
    /// The service's `API_AUTH_SALT`; without it no bearer can be read.
    pub auth_salt: Option<String>,
    /// Users in the order of the file.
    pub users: Vec<Arc<TimbrUser>>,
    /// Ontologies in the order of the file.
    pub ontologies: Vec<Ontology>,
}

/// A Timbr user.
#[derive(Clone, Debug)]
pub struct TimbrUser {
    /// User name, as in the bearer.
    pub name: Arc<str>,
    /// Password in the clear: nothing here is a real one.
    pub password: String,
    /// Whether neither its bearers nor its tokens are accepted.
    pub disabled: bool,
}

/// A knowledge graph.
#[derive(Clone, Debug)]
pub struct Ontology {
    /// Its name, as in the path.
    pub name: String,
    /// Names of its concepts.
    pub concepts: Vec<String>,
}

// === impl TimbrDirectory ===

impl TimbrDirectory {
    /// The user of a name.
    pub fn user(&self, name: &str) -> Option<&Arc<TimbrUser>> {
        self.users.iter().find(|user| &*user.name == name)
    }

    /// The ontology of a name.
    pub fn ontology(&self, name: &str) -> Option<&Ontology> {
        self.ontologies.iter().find(|ontology| ontology.name == name)
    }
}
