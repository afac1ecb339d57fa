# The handler: one Flex Consumption app. Each function scales by itself, all of
# HTTP as one.

locals {
  # Beside the handler itself, which needs little, tool servers share the memory:
  # about 100 MB each at work.
  tool_server_processes = max(1, floor((var.instance_memory_mb - 400) / 100))

  # What the handler reads: `cargo xtask check` holds these against its own list.
  handler_settings = {
    AZIMUTH_STORAGE              = "azure"
    AZIMUTH_QUEUE                = "azure"
    AZIMUTH_COSMOS_URL           = azurerm_cosmosdb_account.this.endpoint
    AZIMUTH_COSMOS_DATABASE      = azurerm_cosmosdb_sql_database.this.name
    AZIMUTH_KEYVAULT_URL         = azurerm_key_vault.this.vault_uri
    AZIMUTH_DIGEST_CONTAINER_URL = "${azurerm_storage_account.audit.primary_blob_endpoint}${azurerm_storage_container.digests.name}"

    # {tid} stands for the tenant of the caller.
    AZIMUTH_AUTH_ISSUER   = "${local.login_url}/{tid}/v2.0"
    AZIMUTH_AUTH_JWKS_URL = "${local.login_url}/{tid}/discovery/v2.0/keys"
    AZIMUTH_AUTH_AUDIENCE = azuread_application_registration.api.client_id
    AZIMUTH_AUTH_TENANTS  = join(",", local.tenants)
    AZIMUTH_AUTH_CLIENTS  = azuread_application_registration.portal.client_id

    # Another identity provider beside Entra ID.
    AZIMUTH_OIDC_ISSUER    = try(var.oidc.issuer, "")
    AZIMUTH_OIDC_JWKS_URL  = try(coalesce(var.oidc.jwks_url), "")
    AZIMUTH_OIDC_TENANT    = try(var.oidc.tenant, "")
    AZIMUTH_OIDC_AUDIENCE  = try(var.oidc.audience, "")
    AZIMUTH_OIDC_CLIENTS   = try(join(",", var.oidc.clients), "")
    AZIMUTH_OIDC_ALGORITHM = try(var.oidc.algorithm, "")
    AZIMUTH_OIDC_TYPE      = try(var.oidc.type, "")
    AZIMUTH_OIDC_SCOPE     = try(coalesce(var.oidc.scope), "")
    AZIMUTH_OIDC_CLAIMS    = try(join(",", [for what, claim in var.oidc.claims : "${what}=${claim}"]), "")
    AZIMUTH_OIDC_ROLES     = try(join(",", [for theirs, ours in var.oidc.roles : "${theirs}=${ours}"]), "")

    # No secret: the app's identity vouches for the application (entra.tf).
    AZIMUTH_TOKEN_URL             = "${local.login_url}/{tid}/oauth2/v2.0/token"
    AZIMUTH_CLIENT_ID             = azuread_application_registration.api.client_id
    AZIMUTH_TENANT_CLIENT_IDS     = join(",", [for tenant, id in var.tenant_applications : "${tenant}=${id}"])
    AZIMUTH_TENANT_CLIENT_SECRETS = var.tenant_application_secrets ? "@keyvault:tenant-client-secrets" : ""
    AZIMUTH_TOKEN_AUDIENCES       = join(",", compact([local.resource_manager_url, var.vault_audience]))
    AZIMUTH_ARM_URL               = local.resource_manager_url

    # In the package, beside host.json.
    AZIMUTH_MCP_SERVERS       = "mcp.json"
    AZIMUTH_MCP_MAX_PROCESSES = tostring(local.tool_server_processes)
    # Tenants add no tool servers of their own.
    AZIMUTH_MCP_COMMANDS = ""
    AZIMUTH_MCP_HOSTS    = ""
    AZIMUTH_MCP_SECRETS  = ""

    # Empty counts as left out.
    AZIMUTH_MODEL_BASE_URL = try(var.model.base_url, "")
    AZIMUTH_MODEL_NAME     = try(var.model.name, "")
    AZIMUTH_MODEL_API_KEY  = var.model == null ? "" : "@keyvault:model-api-key"
    AZIMUTH_MODEL_PRICE    = try("${var.model.name}=${var.model.price}", "")
    AZIMUTH_DEFAULT_MODEL  = try(var.model.name, "")

    AZIMUTH_APPROVAL_WEBHOOKS = var.approval_webhooks ? "@keyvault:approval-webhooks" : ""
    AZIMUTH_PORTAL_URL        = local.portal_origin
    AZIMUTH_NEW_USERS         = var.new_users
    AZIMUTH_QUOTAS            = "on"
    AZIMUTH_LOG               = "info"
  }

  # What the host and the Azure SDK read.
  platform_settings = {
    # The connection of every queue function, without a key. The empty one of the
    # plain name keeps the provider from writing one with a key beside it.
    AzureWebJobsStorage                  = ""
    AzureWebJobsStorage__credential      = "managedidentity"
    AzureWebJobsStorage__clientId        = azurerm_user_assigned_identity.app.client_id
    AzureWebJobsStorage__blobServiceUri  = azurerm_storage_account.app.primary_blob_endpoint
    AzureWebJobsStorage__queueServiceUri = azurerm_storage_account.app.primary_queue_endpoint
    AzureWebJobsStorage__tableServiceUri = azurerm_storage_account.app.primary_table_endpoint

    # Which of the app's identities the handler is.
    AZURE_CLIENT_ID = azurerm_user_assigned_identity.app.client_id

    # The Cosmos DB client asks no metadata address; the handler insists on it.
    COSMOS_DISABLE_IMDS = "1"

    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${azurerm_user_assigned_identity.app.client_id};Authorization=AAD"

    # `GET /` is nobody's page.
    AzureWebJobsDisableHomepage = "true"
  }
}

resource "azurerm_service_plan" "app" {
  name                = "asp-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags

  os_type                = "Linux"
  sku_name               = "FC1"
  zone_balancing_enabled = var.zone_redundant
}

resource "azurerm_function_app_flex_consumption" "app" {
  name                = "func-${local.name}-${local.suffix}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  service_plan_id     = azurerm_service_plan.app.id
  tags                = local.tags

  runtime_name    = "custom"
  runtime_version = "1.0"

  storage_container_type            = "blobContainer"
  storage_container_endpoint        = "${azurerm_storage_account.app.primary_blob_endpoint}${azurerm_storage_container.package.name}"
  storage_authentication_type       = "UserAssignedIdentity"
  storage_user_assigned_identity_id = azurerm_user_assigned_identity.app.id

  instance_memory_in_mb  = var.instance_memory_mb
  maximum_instance_count = var.maximum_instances
  http_concurrency       = var.http_concurrency

  dynamic "always_ready" {
    for_each = var.always_ready
    content {
      name           = always_ready.key
      instance_count = always_ready.value
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.app.id]
  }

  https_only                                     = true
  webdeploy_publish_basic_authentication_enabled = false

  app_settings = merge(local.platform_settings, local.handler_settings)

  site_config {
    application_insights_connection_string = azurerm_application_insights.this.connection_string
    minimum_tls_version                    = "1.2"
    http2_enabled                          = true

    # The platform answers browsers; the handler's own layer stays off.
    cors {
      allowed_origins     = [local.portal_origin]
      support_credentials = false
    }
  }

  # It reads its package, its store and its keys in the first second.
  depends_on = [
    azurerm_cosmosdb_sql_role_assignment.describe,
    azurerm_cosmosdb_sql_role_assignment.items,
    azurerm_role_assignment.app_digests,
    azurerm_role_assignment.app_secrets,
    azurerm_role_assignment.app_signing,
    azurerm_role_assignment.app_storage,
    azurerm_role_assignment.app_wrapping,
  ]
}
