# Keys that never leave the vault, and secrets that people put there.

resource "azurerm_key_vault" "this" {
  name                = "kv-${local.name}-${local.suffix}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tenant_id           = data.azurerm_client_config.current.tenant_id
  tags                = local.tags

  sku_name                   = "standard"
  rbac_authorization_enabled = true
  # Without the wrapping key every kept token is lost, and without the signing key
  # no digest can be checked.
  purge_protection_enabled   = true
  soft_delete_retention_days = 90
}

# Making keys is done through the vault itself, by whoever runs this.
resource "azurerm_role_assignment" "deployer_keys" {
  scope                = azurerm_key_vault.this.id
  role_definition_name = "Key Vault Crypto Officer"
  principal_id         = data.azurerm_client_config.current.object_id
}

# Wraps the data key that seals users' tokens.
resource "azurerm_key_vault_key" "wrapping" {
  name         = "token-wrapping"
  key_vault_id = azurerm_key_vault.this.id
  key_type     = "RSA"
  key_size     = 3072
  key_opts     = ["wrapKey", "unwrapKey"]

  rotation_policy {
    automatic {
      # A wrapped data key names the version that wrapped it.
      time_after_creation = "P180D"
    }
  }

  depends_on = [azurerm_role_assignment.deployer_keys]

  lifecycle {
    prevent_destroy = true
  }
}

# Signs the audit's digests. Not rotated by itself: a new key is something that
# auditors must hear of.
resource "azurerm_key_vault_key" "signing" {
  name         = "audit-signing"
  key_vault_id = azurerm_key_vault.this.id
  key_type     = "EC"
  curve        = "P-256"
  key_opts     = ["sign", "verify"]

  depends_on = [azurerm_role_assignment.deployer_keys]

  lifecycle {
    prevent_destroy = true
  }
}

# Each right is for one key.
resource "azurerm_role_assignment" "app_wrapping" {
  scope                = azurerm_key_vault_key.wrapping.resource_versionless_id
  role_definition_name = "Key Vault Crypto Service Encryption User"
  principal_id         = azurerm_user_assigned_identity.app.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "app_signing" {
  scope                = azurerm_key_vault_key.signing.resource_versionless_id
  role_definition_name = "Key Vault Crypto User"
  principal_id         = azurerm_user_assigned_identity.app.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "app_secrets" {
  scope                = azurerm_key_vault.this.id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.app.principal_id
  principal_type       = "ServicePrincipal"
}
