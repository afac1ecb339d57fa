# What the app may do, and that it may do no more.

mock_provider "azurerm" {
  source          = "./tests/mocks/azurerm"
  override_during = plan
}

mock_provider "azuread" {
  source          = "./tests/mocks/azuread"
  override_during = plan
}

run "the_host_works_without_a_key" {
  command = plan

  assert {
    condition = toset(keys(azurerm_role_assignment.app_storage)) == toset([
      "Storage Blob Data Owner",
      "Storage Queue Data Contributor",
      "Storage Table Data Contributor",
    ])
    error_message = "The host's account needs exactly three roles."
  }

  assert {
    condition     = azurerm_role_assignment.app_metrics.role_definition_name == "Monitoring Metrics Publisher"
    error_message = "Without its role the app can publish no logs."
  }
}

run "each_key_has_its_own_right" {
  command = plan

  assert {
    condition     = azurerm_role_assignment.app_wrapping.role_definition_name == "Key Vault Crypto Service Encryption User" && toset(azurerm_key_vault_key.wrapping.key_opts) == toset(["wrapKey", "unwrapKey"])
    error_message = "The wrapping key wraps and unwraps, and no more."
  }

  assert {
    condition     = azurerm_role_assignment.app_signing.role_definition_name == "Key Vault Crypto User" && toset(azurerm_key_vault_key.signing.key_opts) == toset(["sign", "verify"])
    error_message = "The signing key signs and verifies, and no more."
  }

  assert {
    condition     = azurerm_role_assignment.app_secrets.role_definition_name == "Key Vault Secrets User"
    error_message = "The app reads secrets and writes none."
  }
}

run "the_audit_is_written_once" {
  command = plan

  assert {
    condition = toset(one(azurerm_cosmosdb_sql_role_definition.append.permissions).data_actions) == toset([
      "Microsoft.DocumentDB/databaseAccounts/readMetadata",
      "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/executeQuery",
      "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/create",
      "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read",
    ])
    error_message = "Records of the audit are created and read, nothing else."
  }

  assert {
    condition = toset(one(azurerm_role_definition.digest_writer.permissions).data_actions) == toset([
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    ])
    error_message = "Digests are created and read, nothing else."
  }

  assert {
    condition     = azurerm_storage_container_immutability_policy.digests.immutability_period_in_days == var.audit_retention_days
    error_message = "Digests can be removed before their time."
  }
}

run "the_application_acts_for_users_only" {
  command = plan

  assert {
    condition     = keys(azuread_application_api_access.downstream) == ["WindowsAzureServiceManagementAPI"]
    error_message = "Azure Resource Manager is what the application reaches for users."
  }

  assert {
    condition     = alltrue([for access in azuread_application_api_access.downstream : try(length(access.role_ids), 0) == 0])
    error_message = "The application has a permission of its own, without a user."
  }

  assert {
    condition     = azuread_application_federated_identity_credential.api.subject == azurerm_user_assigned_identity.app.principal_id && azuread_application_federated_identity_credential.api.issuer == "https://login.example.invalid/00000000-0000-0000-0000-000000000002/v2.0"
    error_message = "The app's identity vouches for the application."
  }

  assert {
    condition     = azuread_application_optional_claims.api.access_token[0].name == "sid"
    error_message = "A token must tell the login that it comes from."
  }
}

run "tokens_for_key_vault_where_they_are_wanted" {
  command = plan

  variables {
    vault_audience = "https://vault.example.invalid"
  }

  assert {
    condition     = contains(keys(azuread_application_api_access.downstream), "AzureKeyVault")
    error_message = "The application may not ask for the users' tokens of Key Vault."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.app.app_settings["AZIMUTH_TOKEN_AUDIENCES"] == "https://management.example.invalid,https://vault.example.invalid"
    error_message = "Resource Manager's audience comes first."
  }
}
