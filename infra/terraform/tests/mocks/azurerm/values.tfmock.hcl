# What only Azure knows, in a form that tests can tell apart. No name below exists.

mock_data "azurerm_client_config" {
  defaults = {
    subscription_id = "00000000-0000-0000-0000-000000000001"
    tenant_id       = "00000000-0000-0000-0000-000000000002"
    object_id       = "00000000-0000-0000-0000-000000000003"
  }
}

mock_resource "azurerm_resource_group" {
  defaults = { id = "/rg" }
}

mock_resource "azurerm_user_assigned_identity" {
  defaults = {
    id           = "/rg/identity"
    client_id    = "identity-client-id"
    principal_id = "identity-principal-id"
  }
}

mock_resource "azurerm_cosmosdb_account" {
  defaults = {
    id       = "/rg/cosmos"
    endpoint = "https://cosmos.example.invalid/"
  }
}

mock_resource "azurerm_cosmosdb_sql_role_definition" {
  defaults = { id = "/rg/cosmos/sqlRoleDefinitions/ours" }
}

mock_resource "azurerm_storage_account" {
  defaults = {
    id                     = "/rg/storage"
    primary_blob_endpoint  = "https://blob.example.invalid/"
    primary_queue_endpoint = "https://queue.example.invalid/"
    primary_table_endpoint = "https://table.example.invalid/"
  }
}

mock_resource "azurerm_key_vault" {
  defaults = {
    id        = "/rg/vault"
    vault_uri = "https://vault.example.invalid/"
  }
}

mock_resource "azurerm_function_app_flex_consumption" {
  defaults = { default_hostname = "api.example.invalid" }
}

mock_resource "azurerm_static_web_app" {
  defaults = { default_host_name = "portal.example.invalid" }
}
