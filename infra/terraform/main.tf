# Names, and the group that holds everything.

data "azurerm_client_config" "current" {}

locals {
  name = "azimuth-${var.environment}"

  # Names of accounts are unique in the world. The same subscription gives the
  # same names again.
  suffix = substr(sha256("${data.azurerm_client_config.current.subscription_id}/${var.environment}"), 0, 6)

  tags = {
    product     = "azimuth"
    environment = var.environment
  }
}

resource "azurerm_resource_group" "this" {
  name     = "rg-${local.name}"
  location = var.location
  tags     = local.tags
}
