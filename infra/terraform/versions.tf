terraform {
  # 1.11: `terraform test` overrides values during a plan.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.10"
    }
    azuread = {
      source  = "hashicorp/azuread"
      version = "~> 3.7"
    }
  }

  # Where the state lies is told to `terraform init` (README, step 3). The state
  # holds no secret: keys are off, and secrets are put into the vault by hand.
  backend "azurerm" {}
}

provider "azurerm" {
  # Accounts have no shared keys, so everything goes through Entra ID.
  storage_use_azuread = true

  features {
    key_vault {
      # A vault that was removed is kept until its retention ends.
      purge_soft_delete_on_destroy = false
    }
    resource_group {
      # What somebody made by hand in the group is not ours to delete.
      prevent_deletion_if_contains_resources = true
    }
  }
}

provider "azuread" {}
