//! The web session of a person: where it is found, what is wrong with it, and where its cookies go.
