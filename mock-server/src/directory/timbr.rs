//! What the Timbr service knows: users and ontologies.

use std::sync::Arc;

use crate::ontology::{self, Data};

/// What the Timbr service knows. Its users' tokens are static keys.
#[derive(Clone, Debug, Default)]
pub struct TimbrDirectory {
    /// The service's `API_AUTH_SALT`; without it no bearer can be read.
    pub auth_salt: Option<String>,
    /// Users in the order of the file.
    pub users: Vec<Arc<TimbrUser>>,
    /// Ontologies in the order of the file; then those of the folder.
    pub ontologies: Vec<Ontology>,
    /// Those of the folder, for worlds that sandboxes bring along.
    pub(crate) folder: Vec<(String, Arc<Data>)>,
}

/// A Timbr user.
#[derive(Clone, Debug)]
pub struct TimbrUser {
    /// User name, as in the bearer.
    pub name: Arc<str>,
    /// E-mail address, by which a JWT may name the user.
    pub email: Option<String>,
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
    /// Its tables; without any, SQL has no answer that is not canned.
    pub(super) tables: OntologyTables,
}

/// Where the tables of an ontology are.
#[derive(Clone, Debug, Default)]
pub(super) enum OntologyTables {
    /// Nowhere.
    #[default]
    None,
    /// In the program, which unpacks them when they are first asked for.
    BuiltIn,
    /// In files that were read.
    Read(Arc<Data>),
}

// === impl TimbrDirectory ===

impl TimbrDirectory {
    /// The user of a name.
    pub fn user(&self, name: &str) -> Option<&Arc<TimbrUser>> {
        self.users.iter().find(|user| &*user.name == name)
    }

    /// The user of an e-mail address.
    pub fn user_of_email(&self, email: &str) -> Option<&Arc<TimbrUser>> {
        self.users.iter().find(|user| user.email.as_deref() == Some(email))
    }

    /// The ontology of a name.
    pub fn ontology(&self, name: &str) -> Option<&Ontology> {
        self.ontologies.iter().find(|ontology| ontology.name == name)
    }

    /// Gives the data that ships to the ontology that it belongs to.
    pub(super) fn add_built_in(&mut self) {
        if let Some(known) = self.ontologies.iter_mut().find(|known| known.name == ontology::BUILT_IN) {
            known.tables = OntologyTables::BuiltIn;
        }
    }

    /// Gives data to the ontology of a name, which is made if it is not there. Its concepts are then those of the data.
    pub(super) fn add_data(&mut self, name: &str, data: &Arc<Data>) {
        let concepts = data.catalogue().concepts.iter().map(|concept| concept.name.clone()).collect();
        let ontology = Ontology { name: name.to_owned(), concepts, tables: OntologyTables::Read(Arc::clone(data)) };
        match self.ontologies.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = ontology,
            None => self.ontologies.push(ontology),
        }
    }
}

// === impl Ontology ===

impl Ontology {
    /// What SQL reads, if it has tables.
    pub fn data(&self) -> Option<&Data> {
        match &self.tables {
            OntologyTables::None => None,
            OntologyTables::BuiltIn => ontology::built_in(),
            OntologyTables::Read(data) => Some(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::directory::Directory;

    #[test]
    fn the_world_that_ships_has_the_concepts_of_its_data() {
        let world = Directory::default_world().unwrap();
        let ontology = world.timbr().ontology("supply_chain").unwrap();
        let concepts = &ontology.data().unwrap().catalogue().concepts;
        assert_eq!(concepts.iter().map(|concept| concept.name.as_str()).collect::<Vec<_>>(), ontology.concepts);
        assert!(world.timbr().ontology("maintenance").unwrap().data().is_none());
    }
}
