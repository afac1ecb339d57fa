# No key opens anything: whoever reads or writes is somebody that Entra ID knows.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

run "no_keys" {
  command = plan

  assert {
    condition     = alltrue([for account in [azurerm_storage_account.app, azurerm_storage_account.audit] : !account.shared_access_key_enabled && !account.local_user_enabled && !account.allow_nested_items_to_be_public])
    error_message = "A storage account can be entered with a key, as a local user or by anybody."
  }

  assert {
    condition     = !azurerm_cosmosdb_account.this.local_authentication_enabled
    error_message = "The database can be entered with a key."
  }

  assert {
    condition     = azurerm_key_vault.this.rbac_authorization_enabled
    error_message = "The vault asks its own access policies, not Entra ID's roles."
  }

  assert {
    condition     = !azurerm_application_insights.this.local_authentication_enabled && !azurerm_log_analytics_workspace.this.local_authentication_enabled
    error_message = "Anybody who has the connection string can write logs."
  }

  assert {
    condition     = !azurerm_function_app_flex_consumption.app.webdeploy_publish_basic_authentication_enabled
    error_message = "Code can be deployed with a password."
  }
}

run "no_secret_in_a_setting" {
  command = plan

  variables {
    approval_webhooks          = true
    tenant_application_secrets = true
    model = {
      base_url = "https://model.example.invalid/v1"
      name     = "some-model"
    }
  }

  assert {
    condition = alltrue([
      for name in ["AZIMUTH_MODEL_API_KEY", "AZIMUTH_APPROVAL_WEBHOOKS", "AZIMUTH_TENANT_CLIENT_SECRETS"] :
      startswith(azurerm_function_app_flex_consumption.app.app_settings[name], "@keyvault:")
    ])
    error_message = "A secret is given by its name in the vault."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.app.app_settings["AzureWebJobsStorage"] == ""
    error_message = "The host's connection carries a key."
  }
}

run "only_over_tls" {
  command = plan

  assert {
    condition     = azurerm_function_app_flex_consumption.app.https_only && azurerm_function_app_flex_consumption.app.site_config[0].minimum_tls_version == "1.2"
    error_message = "The API answers without TLS, or with an old one."
  }

  assert {
    condition     = azurerm_storage_account.app.min_tls_version == "TLS1_2" && azurerm_cosmosdb_account.this.minimal_tls_version == "Tls12"
    error_message = "Storage or database answers an old TLS."
  }
}
