# What the deployment of code and portal needs (README, steps 5 and 6).

output "resource_group" {
  description = "The group that holds everything."
  value       = azurerm_resource_group.this.name
}

output "function_app" {
  description = "Where the package goes."
  value       = azurerm_function_app_flex_consumption.app.name
}

output "static_web_app" {
  description = "Where the portal's files go."
  value       = azurerm_static_web_app.portal.name
}

output "key_vault" {
  description = "Where secrets are put by hand."
  value       = azurerm_key_vault.this.name
}

output "api_application" {
  description = "The application whose roles people are given."
  value       = azuread_application_registration.api.client_id
}

output "portal_url" {
  description = "Where people go."
  value       = local.portal_origin
}

output "portal_config" {
  description = "The portal's config.json, as it is."
  value = jsonencode({
    api_base  = "${local.api_origin}/api"
    authority = "${local.login_url}/${length(local.tenants) > 1 ? "organizations" : local.home_tenant}/v2.0"
    client_id = azuread_application_registration.portal.client_id
    scope     = "openid profile offline_access ${azuread_application_identifier_uri.api.identifier_uri}/${local.scope}"
    realtime  = "sse"
  })
}

output "portal_origins" {
  description = "What the place holders %NAME% of staticwebapp.config.json stand for."
  value = {
    API_ORIGIN       = local.api_origin
    AUTHORITY_ORIGIN = local.login_url
  }
}

locals {
  api_origin = "https://${azurerm_function_app_flex_consumption.app.default_hostname}"
}
