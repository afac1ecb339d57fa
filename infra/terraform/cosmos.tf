# The store. `cargo xtask check` holds the containers against the handler's own
# description of them.

locals {
  # Unique keys and partition keys are fixed when a container is made.
  containers = {
    conversations = {
      partition_key = ["/tenantId", "/userId", "/conversationId"]
      unique_key    = []
      # Events of a turn live a day.
      has_ttl = true
      # Create, read, replace, delete.
      is_append_only = false
      # What queries ask for; to index more would make every write dearer.
      indexed = [
        "askedForApproval", "at", "awaitsApproval", "awaitsSignIn", "created", "deletedAt",
        "dueAt", "item", "listed", "said", "seq", "turn",
      ]
    }
    audit = {
      partition_key = ["/tenantId", "/chain"]
      # Makes the chain: two records cannot have the same place in it.
      unique_key     = ["/seq"]
      has_ttl        = false
      is_append_only = true
      indexed        = ["at", "item", "kind", "oid", "outcome", "place", "seq", "tool", "turn"]
    }
    users = {
      partition_key = ["/tenantId", "/userId"]
      unique_key    = []
      # What people have used goes away by itself; their records do not.
      has_ttl        = true
      is_append_only = false
      indexed        = ["userId"]
    }
    tokens = {
      partition_key = ["/tenantId", "/userId"]
      unique_key    = []
      # A sealed token that nobody asked for again goes away by itself, and so does
      # a session.
      has_ttl        = true
      is_append_only = false
      indexed        = []
    }
    config = {
      partition_key  = ["/tenantId", "/kind"]
      unique_key     = []
      has_ttl        = false
      is_append_only = false
      indexed        = []
    }
  }

  # A container's address inside the data plane, which is not its resource id.
  data_plane_scope = {
    for name, container in azurerm_cosmosdb_sql_container.this :
    name => "${azurerm_cosmosdb_account.this.id}/dbs/${azurerm_cosmosdb_sql_database.this.name}/colls/${container.name}"
  }

  # The same in every account.
  built_in_data_contributor = "${azurerm_cosmosdb_account.this.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"
}

resource "azurerm_cosmosdb_account" "this" {
  name                = "cosmos-${local.name}-${local.suffix}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags

  offer_type                         = "Standard"
  kind                               = "GlobalDocumentDB"
  minimal_tls_version                = "Tls12"
  local_authentication_enabled       = false
  access_key_metadata_writes_enabled = false

  # Leases and registers are compare-and-set: two regions that take writes would
  # both be right. The handler refuses to start on such an account.
  multiple_write_locations_enabled = false
  automatic_failover_enabled       = false

  # Whoever lost a race reads the winner, and an executor finds the turn that
  # another process wrote a moment ago.
  consistency_policy {
    consistency_level = "Strong"
  }

  geo_location {
    location          = azurerm_resource_group.this.location
    failover_priority = 0
    zone_redundant    = var.zone_redundant
  }

  dynamic "capabilities" {
    for_each = var.cosmos_autoscale_max == null ? ["EnableServerless"] : []
    content {
      name = capabilities.value
    }
  }

  backup {
    type = "Continuous"
    tier = "Continuous7Days"
  }
}

resource "azurerm_cosmosdb_sql_database" "this" {
  name                = "azimuth"
  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name

  dynamic "autoscale_settings" {
    for_each = var.cosmos_autoscale_max == null ? [] : [var.cosmos_autoscale_max]
    content {
      max_throughput = autoscale_settings.value
    }
  }
}

resource "azurerm_cosmosdb_sql_container" "this" {
  for_each = local.containers

  name                  = each.key
  resource_group_name   = azurerm_resource_group.this.name
  account_name          = azurerm_cosmosdb_account.this.name
  database_name         = azurerm_cosmosdb_sql_database.this.name
  partition_key_kind    = "MultiHash"
  partition_key_version = 2
  partition_key_paths   = each.value.partition_key

  # -1: an item lives as long as it says itself, for ever where it says nothing.
  default_ttl = each.value.has_ttl ? -1 : null

  indexing_policy {
    indexing_mode = "consistent"

    dynamic "included_path" {
      for_each = each.value.indexed
      content {
        path = "/${included_path.value}/?"
      }
    }

    excluded_path {
      path = "/*"
    }
  }

  dynamic "unique_key" {
    for_each = each.value.unique_key
    content {
      paths = [unique_key.value]
    }
  }

  # People's data: not lost to a change of this file.
  lifecycle {
    prevent_destroy = true
  }
}

# --- Who may do what with the items -----------------------------------------------

# At start the handler reads what account and containers are, and refuses those
# that are not as it needs them.
resource "azurerm_cosmosdb_sql_role_definition" "describe" {
  name                = "Azimuth description"
  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name
  type                = "CustomRole"
  assignable_scopes   = [azurerm_cosmosdb_account.this.id]

  permissions {
    data_actions = ["Microsoft.DocumentDB/databaseAccounts/readMetadata"]
  }
}

# No replace, no upsert, no delete: what is recorded stays, even for us.
resource "azurerm_cosmosdb_sql_role_definition" "append" {
  name                = "Azimuth audit writer"
  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name
  type                = "CustomRole"
  assignable_scopes   = [azurerm_cosmosdb_account.this.id]

  permissions {
    data_actions = [
      "Microsoft.DocumentDB/databaseAccounts/readMetadata",
      "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/executeQuery",
      "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/create",
      "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read",
    ]
  }
}

resource "azurerm_cosmosdb_sql_role_assignment" "describe" {
  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name
  role_definition_id  = azurerm_cosmosdb_sql_role_definition.describe.id
  principal_id        = azurerm_user_assigned_identity.app.principal_id
  scope               = azurerm_cosmosdb_account.this.id
}

resource "azurerm_cosmosdb_sql_role_assignment" "items" {
  for_each = local.containers

  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name
  role_definition_id  = each.value.is_append_only ? azurerm_cosmosdb_sql_role_definition.append.id : local.built_in_data_contributor
  principal_id        = azurerm_user_assigned_identity.app.principal_id
  scope               = local.data_plane_scope[each.key]
}
