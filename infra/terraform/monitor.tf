# Where logs go, and what wakes somebody.

resource "azurerm_log_analytics_workspace" "this" {
  name                = "log-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags

  sku                          = "PerGB2018"
  retention_in_days            = var.log_retention_days
  daily_quota_gb               = var.log_daily_quota_gb
  local_authentication_enabled = false
}

resource "azurerm_application_insights" "this" {
  name                = "appi-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags

  workspace_id                 = azurerm_log_analytics_workspace.this.id
  application_type             = "other"
  local_authentication_enabled = false
}

resource "azurerm_role_assignment" "app_metrics" {
  scope                = azurerm_application_insights.this.id
  role_definition_name = "Monitoring Metrics Publisher"
  principal_id         = azurerm_user_assigned_identity.app.principal_id
  principal_type       = "ServicePrincipal"
}

# Who read a secret, who used a key, who changed the store.
locals {
  recorded = {
    vault  = { id = azurerm_key_vault.this.id, category = "AuditEvent" }
    cosmos = { id = azurerm_cosmosdb_account.this.id, category = "ControlPlaneRequests" }
    audit  = { id = "${azurerm_storage_account.audit.id}/blobServices/default", category = "StorageWrite" }
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  for_each = local.recorded

  name                       = "azimuth"
  target_resource_id         = each.value.id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.this.id

  enabled_log {
    category = each.value.category
  }
}

# --- Alerts ---------------------------------------------------------------------

resource "azurerm_monitor_action_group" "this" {
  name                = "ag-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  short_name          = "azimuth"
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = toset(var.alert_emails)
    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }
}

locals {
  # Questions to the logs; one row is one reason to look. Asked every 15 minutes about
  # as long, or about `window` (ISO 8601).
  log_alerts = {
    poison = {
      description = "A work item could not be worked on; its turn was ended with an error."
      severity    = 1
      query       = "AppRequests | where Name endswith '-poison'"
      threshold   = 0
    }
    failures = {
      description = "Queue functions fail: work is late, and may end as poison."
      severity    = 2
      query       = "AppRequests | where Success == false and Name in ('execute-tool', 'advance-turn', 'sweep')"
      threshold   = 20
    }
    sweep = {
      # Its absence is told by the count that is not reached; see the operator below.
      description = "The sweep does not run: lost work is not found again."
      severity    = 2
      query       = "AppRequests | where Name == 'sweep' and Success == true"
      threshold   = 1
      operator    = "LessThan"
    }
    signing = {
      description = "The audit has not been signed and archived for three hours: what was written since can be changed unseen by whoever may write to the store."
      severity    = 1
      query       = "AppRequests | where Name == 'sign-audit' and Success == true"
      threshold   = 1
      operator    = "LessThan"
      window      = "PT3H"
    }
    errors = {
      description = "The handler logs an error: the audit cannot be written or sealed, a delivery was given up, or the like."
      severity    = 1
      query       = "AppTraces | where Message has '\"level\":\"ERROR\"'"
      threshold   = 0
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  for_each = local.log_alerts

  name                = "alert-${local.name}-${each.key}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags

  description          = each.value.description
  severity             = each.value.severity
  scopes               = [azurerm_log_analytics_workspace.this.id]
  evaluation_frequency = "PT15M"
  window_duration      = lookup(each.value, "window", "PT15M")

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = lookup(each.value, "operator", "GreaterThan")
    threshold               = each.value.threshold
  }

  action {
    action_groups = [azurerm_monitor_action_group.this.id]
  }
}

resource "azurerm_monitor_metric_alert" "http" {
  name                = "alert-${local.name}-http"
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags

  description = "The API answers with server errors."
  severity    = 2
  scopes      = [azurerm_function_app_flex_consumption.app.id]
  window_size = "PT15M"

  criteria {
    metric_namespace = "Microsoft.Web/sites"
    metric_name      = "Http5xx"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 10
  }

  action {
    action_group_id = azurerm_monitor_action_group.this.id
  }
}

resource "azurerm_monitor_metric_alert" "throttled" {
  name                = "alert-${local.name}-throttled"
  resource_group_name = azurerm_resource_group.this.name
  tags                = local.tags

  description = "The store throttles: raise cosmos_autoscale_max, or look for what asks so much."
  severity    = 2
  scopes      = [azurerm_cosmosdb_account.this.id]
  window_size = "PT15M"

  criteria {
    metric_namespace = "Microsoft.DocumentDB/databaseAccounts"
    metric_name      = "TotalRequests"
    aggregation      = "Count"
    operator         = "GreaterThan"
    threshold        = 100

    dimension {
      name     = "StatusCode"
      operator = "Include"
      values   = ["429"]
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.this.id
  }
}
