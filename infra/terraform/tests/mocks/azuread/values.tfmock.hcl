# What only Entra ID knows. No id below exists.

mock_data "azuread_application_published_app_ids" {
  defaults = {
    result = {
      WindowsAzureServiceManagementAPI = "resource-manager-id"
      AzureKeyVault                    = "key-vault-id"
    }
  }
}

mock_data "azuread_service_principal" {
  defaults = {
    object_id                   = "downstream-object-id"
    oauth2_permission_scope_ids = { user_impersonation = "user-impersonation-id" }
  }
}

mock_resource "azuread_application_registration" {
  defaults = {
    id        = "/applications/one"
    client_id = "application-client-id"
  }
}
