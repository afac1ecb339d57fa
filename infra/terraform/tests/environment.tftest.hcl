# The settings of env/*.tfvars as they are. From this plan `cargo xtask check` reads
# every name.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

run "as_configured" {
  command = plan

  assert {
    condition     = output.resource_group == "rg-azimuth-${var.environment}"
    error_message = "The environment is part of every name."
  }

  assert {
    condition     = azurerm_consumption_budget_resource_group.this.amount > 0
    error_message = "An environment without a budget warns nobody."
  }
}
