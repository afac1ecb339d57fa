# A warning, not a limit: what bounds the bill is maximum_instances, the database's
# upper end and log_daily_quota_gb.

resource "azurerm_consumption_budget_resource_group" "this" {
  name              = "budget-${local.name}"
  resource_group_id = azurerm_resource_group.this.id
  amount            = var.monthly_budget
  time_grain        = "Monthly"

  time_period {
    start_date = "${var.budget_start}T00:00:00Z"
  }

  # Before it is spent, and when it is foreseen to be.
  dynamic "notification" {
    for_each = { Actual = 80, Forecasted = 100 }
    content {
      threshold_type = notification.key
      threshold      = notification.value
      operator       = "GreaterThanOrEqualTo"
      contact_emails = var.alert_emails
    }
  }
}
