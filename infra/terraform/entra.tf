# Two applications: the API, which acts for users, and the portal, which people
# sign in to. Neither has a secret.

locals {
  login_url            = trimsuffix(var.login_url, "/")
  resource_manager_url = trimsuffix(var.resource_manager_url, "/")

  home_tenant = data.azurerm_client_config.current.tenant_id
  tenants     = distinct(concat([local.home_tenant], var.further_tenants))
  audience    = length(local.tenants) > 1 ? "AzureADMultipleOrgs" : "AzureADMyOrg"

  scope = "access_as_user"

  # The roles of the product; the handler takes them from the token.
  roles = {
    reader   = "Asks questions."
    operator = "Asks for changes, too."
    approver = "Decides about other people's changes."
    auditor  = "Reads the audit of the tenant."
    admin    = "Decides which tools, scopes and quotas each role gets."
  }

  well_known = data.azuread_application_published_app_ids.well_known.result

  # What is done for users, by the name of Microsoft's own application.
  downstream = toset(concat(
    ["WindowsAzureServiceManagementAPI"],
    var.vault_audience == null ? [] : ["AzureKeyVault"],
  ))
}

data "azuread_application_published_app_ids" "well_known" {}

data "azuread_service_principal" "downstream" {
  for_each = local.downstream

  client_id = local.well_known[each.key]
}

# --- The API --------------------------------------------------------------------

resource "azuread_application_registration" "api" {
  display_name                   = "Azimuth API (${var.environment})"
  sign_in_audience               = local.audience
  requested_access_token_version = 2
}

resource "azuread_application_identifier_uri" "api" {
  application_id = azuread_application_registration.api.id
  identifier_uri = "api://${azuread_application_registration.api.client_id}"
}

resource "azuread_application_permission_scope" "api" {
  application_id = azuread_application_registration.api.id
  # The same in every installation, so that it survives a new application.
  scope_id = uuidv5("url", "azimuth:scope:${local.scope}")
  value    = local.scope
  type     = "User"

  admin_consent_display_name = "Use Azimuth as the signed-in user"
  admin_consent_description  = "The portal asks questions and requests changes in the name of the person who is signed in."
  user_consent_display_name  = "Use Azimuth in your name"
  user_consent_description   = "The portal asks questions and requests changes in your name."
}

resource "azuread_application_app_role" "api" {
  for_each = local.roles

  application_id       = azuread_application_registration.api.id
  role_id              = uuidv5("url", "azimuth:role:${each.key}")
  value                = each.key
  display_name         = title(each.key)
  description          = each.value
  allowed_member_types = ["User"]
}

# One login, for the audit: the tokens of a login have the same `sid`.
resource "azuread_application_optional_claims" "api" {
  application_id = azuread_application_registration.api.id

  access_token {
    name = "sid"
  }
}

# Azure on behalf of the user, and nothing of the application's own.
resource "azuread_application_api_access" "downstream" {
  for_each = local.downstream

  application_id = azuread_application_registration.api.id
  api_client_id  = local.well_known[each.key]
  scope_ids      = [data.azuread_service_principal.downstream[each.key].oauth2_permission_scope_ids["user_impersonation"]]
}

# In the place of a secret: a token of the app's identity proves that it is the
# application.
resource "azuread_application_federated_identity_credential" "api" {
  application_id = azuread_application_registration.api.id
  display_name   = "function-app"
  description    = "The identity of the function app"
  issuer         = "${local.login_url}/${local.home_tenant}/v2.0"
  subject        = azurerm_user_assigned_identity.app.principal_id
  audiences      = ["api://AzureADTokenExchange"]
}

resource "azuread_service_principal" "api" {
  client_id = azuread_application_registration.api.client_id
}

# --- The portal -------------------------------------------------------------------

resource "azuread_application_registration" "portal" {
  display_name                   = "Azimuth (${var.environment})"
  sign_in_audience               = local.audience
  requested_access_token_version = 2
}

resource "azuread_application_redirect_uris" "portal" {
  application_id = azuread_application_registration.portal.id
  type           = "SPA"
  redirect_uris  = ["${local.portal_origin}/callback", "${local.portal_origin}/login"]
}

resource "azuread_application_api_access" "portal" {
  application_id = azuread_application_registration.portal.id
  api_client_id  = azuread_application_registration.api.client_id
  scope_ids      = [azuread_application_permission_scope.api.scope_id]
}

# Nobody is asked whether the product's own portal may use the product's own API.
resource "azuread_application_pre_authorized" "portal" {
  application_id       = azuread_application_registration.api.id
  authorized_client_id = azuread_application_registration.portal.client_id
  permission_ids       = [azuread_application_permission_scope.api.scope_id]
}

resource "azuread_service_principal" "portal" {
  client_id = azuread_application_registration.portal.client_id
}

# --- Consent for everybody in this tenant ---------------------------------------------

resource "azuread_service_principal_delegated_permission_grant" "portal" {
  count = var.grant_admin_consent ? 1 : 0

  service_principal_object_id          = azuread_service_principal.portal.object_id
  resource_service_principal_object_id = azuread_service_principal.api.object_id
  claim_values                         = [local.scope]

  depends_on = [azuread_application_permission_scope.api]
}

resource "azuread_service_principal_delegated_permission_grant" "downstream" {
  for_each = var.grant_admin_consent ? local.downstream : []

  service_principal_object_id          = azuread_service_principal.api.object_id
  resource_service_principal_object_id = data.azuread_service_principal.downstream[each.key].object_id
  claim_values                         = ["user_impersonation"]
}
