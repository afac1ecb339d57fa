# The portal's files. It calls the API at the function app's own address: a linked
# backend would cut every answer after 45 seconds, and does not stream.

locals {
  portal_origin = "https://${azurerm_static_web_app.portal.default_host_name}"
}

resource "azurerm_static_web_app" "portal" {
  name                = "stapp-${local.name}"
  resource_group_name = azurerm_resource_group.this.name
  location            = var.portal_location
  tags                = local.tags

  sku_tier = var.portal_tier
  sku_size = var.portal_tier

  # A pull request's preview would be another origin, which nothing here trusts.
  preview_environments_enabled = false

  lifecycle {
    # Written by the deployment (README, step 6).
    ignore_changes = [repository_url, repository_branch]
  }
}
