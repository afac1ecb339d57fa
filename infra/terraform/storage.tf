# Two accounts. The Functions host must own the blobs of its account, and who may
# do that must have no such right where the audit's digests lie.

locals {
  # Each queue has a poison queue: what nobody could work on ends there, and the
  # function that listens to it tells the user. The host would make them with its
  # first failure; made here, they are watched from the first day.
  work_queues = ["tool-calls", "turns"]
  queues      = toset(flatten([for queue in local.work_queues : [queue, "${queue}-poison"]]))

  replication = var.zone_redundant ? "ZRS" : "LRS"
}

# --- The host's: queues and the deployed package ------------------------------

resource "azurerm_storage_account" "app" {
  name                = "stazimuth${var.environment}${local.suffix}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags

  account_tier                     = "Standard"
  account_replication_type         = local.replication
  min_tls_version                  = "TLS1_2"
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false

  blob_properties {
    # A package that was overwritten can be brought back.
    delete_retention_policy {
      days = 7
    }
  }
}

resource "azurerm_storage_queue" "work" {
  for_each = local.queues

  name               = each.key
  storage_account_id = azurerm_storage_account.app.id
}

resource "azurerm_storage_container" "package" {
  name               = "app-package"
  storage_account_id = azurerm_storage_account.app.id
}

# The host keeps its locks and timers there, listens to the queues and moves what
# failed; the handler enqueues.
resource "azurerm_role_assignment" "app_storage" {
  for_each = toset([
    "Storage Blob Data Owner",
    "Storage Queue Data Contributor",
    "Storage Table Data Contributor",
  ])

  scope                = azurerm_storage_account.app.id
  role_definition_name = each.key
  principal_id         = azurerm_user_assigned_identity.app.principal_id
  principal_type       = "ServicePrincipal"
}

# --- The audit's digests --------------------------------------------------------

resource "azurerm_storage_account" "audit" {
  name                = "staudit${var.environment}${local.suffix}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags

  account_tier                     = "Standard"
  account_replication_type         = local.replication
  min_tls_version                  = "TLS1_2"
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false

  blob_properties {
    delete_retention_policy {
      days = 30
    }
    container_delete_retention_policy {
      days = 30
    }
  }
}

resource "azurerm_storage_container" "digests" {
  name               = "audit-digests"
  storage_account_id = azurerm_storage_account.audit.id
}

# Nobody overwrites or removes a digest before its time, whatever role they hold.
resource "azurerm_storage_container_immutability_policy" "digests" {
  storage_container_resource_manager_id = azurerm_storage_container.digests.id
  immutability_period_in_days           = var.audit_retention_days
  locked                                = var.audit_locked
}

# Blobs can be made and read, and no more: no built-in role is as narrow.
resource "azurerm_role_definition" "digest_writer" {
  name        = "Azimuth digest writer (${local.name}-${local.suffix})"
  description = "Creates and reads the audit's digests; changes and deletes none."
  scope       = azurerm_storage_account.audit.id

  permissions {
    data_actions = [
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    ]
  }

  assignable_scopes = [azurerm_storage_account.audit.id]
}

resource "azurerm_role_assignment" "app_digests" {
  scope              = azurerm_storage_container.digests.id
  role_definition_id = azurerm_role_definition.digest_writer.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.app.principal_id
  principal_type     = "ServicePrincipal"
}
