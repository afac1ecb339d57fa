# What the function app is to Azure. Its rights stand beside what they are to:
# storage.tf, cosmos.tf, vault.tf, monitor.tf. It has none on anybody's
# subscription: Azure is reached with the asker's own token.

resource "azurerm_user_assigned_identity" "app" {
  name                = "id-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  tags                = local.tags
}
