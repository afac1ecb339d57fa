# Settings that are refused before anything is made.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

run "what_is_misspelt" {
  command = plan

  variables {
    environment        = "production"
    portal_tier        = "Premium"
    instance_memory_mb = 1024
  }

  expect_failures = [var.environment, var.portal_tier, var.instance_memory_mb]
}

run "what_is_out_of_range" {
  command = plan

  variables {
    cosmos_autoscale_max = 1500
    alert_emails         = []
    budget_start         = "2026-12-15"
  }

  expect_failures = [var.cosmos_autoscale_max, var.alert_emails, var.budget_start]
}

run "what_is_not_secured" {
  command = plan

  variables {
    login_url            = "http://login.example.invalid"
    resource_manager_url = "management.example.invalid"
  }

  expect_failures = [var.login_url, var.resource_manager_url]
}
