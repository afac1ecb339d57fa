//! Parts of the product over Cosmos DB, on Microsoft's emulator.

mod vault;
