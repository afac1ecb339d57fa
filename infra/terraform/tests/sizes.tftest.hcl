# What the variables change.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

run "serverless_unless_said" {
  command = plan

  variables {
    cosmos_autoscale_max = null
  }

  assert {
    condition     = one(azurerm_cosmosdb_account.this.capabilities).name == "EnableServerless"
    error_message = "Without an upper end the database is serverless."
  }
}

run "autoscale" {
  command = plan

  variables {
    cosmos_autoscale_max = 4000
  }

  assert {
    condition     = length(azurerm_cosmosdb_account.this.capabilities) == 0 && azurerm_cosmosdb_sql_database.this.autoscale_settings[0].max_throughput == 4000
    error_message = "An upper end makes the database scale by itself."
  }
}

run "one_region_writes" {
  command = plan

  assert {
    condition     = !azurerm_cosmosdb_account.this.multiple_write_locations_enabled && length(azurerm_cosmosdb_account.this.geo_location) == 1
    error_message = "Leases hold only where one region takes writes."
  }

  assert {
    condition     = azurerm_cosmosdb_account.this.consistency_policy[0].consistency_level == "Strong"
    error_message = "Whoever lost a race must read the winner."
  }
}

run "tool_servers_fit_into_memory" {
  command = plan

  variables {
    instance_memory_mb = 512
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.app.app_settings["AZIMUTH_MCP_MAX_PROCESSES"] == "1"
    error_message = "The smallest instance holds one tool server."
  }
}

run "the_runtime_is_ours" {
  command = plan

  assert {
    condition     = azurerm_function_app_flex_consumption.app.runtime_name == "custom" && azurerm_service_plan.app.sku_name == "FC1"
    error_message = "A custom handler on Flex Consumption."
  }
}

run "several_tenants" {
  command = plan

  variables {
    further_tenants = ["00000000-0000-0000-0000-00000000000a"]
  }

  assert {
    condition     = azuread_application_registration.api.sign_in_audience == "AzureADMultipleOrgs"
    error_message = "People of other tenants cannot sign in."
  }

  assert {
    condition     = jsondecode(output.portal_config).authority == "https://login.example.invalid/organizations/v2.0"
    error_message = "The portal sends everybody to the tenant of the installation."
  }
}

run "one_tenant" {
  command = plan

  assert {
    condition = jsondecode(output.portal_config) == {
      api_base  = "https://api.example.invalid/api"
      authority = "https://login.example.invalid/00000000-0000-0000-0000-000000000002/v2.0"
      client_id = "application-client-id"
      scope     = "openid profile offline_access api://application-client-id/access_as_user"
      realtime  = "sse"
    }
    error_message = "The portal's config.json is not what the portal reads."
  }
}
