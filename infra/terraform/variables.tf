# Everything that differs between installations. What has no default must be
# given: in `env/*.tfvars`, or as `TF_VAR_name` (README, step 2).

# --- Where -----------------------------------------------------------------

variable "environment" {
  description = "Which installation this is; part of every name."
  type        = string

  validation {
    condition     = contains(["dev", "test", "prod"], var.environment)
    error_message = "environment must be dev, test or prod."
  }
}

variable "location" {
  description = "Azure region of everything but the portal."
  type        = string
}

variable "portal_location" {
  description = "Region of the Static Web App, which few regions offer; its files are served from everywhere."
  type        = string
}

variable "login_url" {
  description = "Entra ID's address, from `az cloud show --query endpoints.activeDirectory`."
  type        = string

  validation {
    condition     = startswith(var.login_url, "https://")
    error_message = "login_url must begin with https://."
  }
}

variable "resource_manager_url" {
  description = "Azure Resource Manager's address, from `az cloud show --query endpoints.resourceManager`."
  type        = string

  validation {
    condition     = startswith(var.resource_manager_url, "https://")
    error_message = "resource_manager_url must begin with https://."
  }
}

variable "vault_audience" {
  description = "What users' tokens for Key Vault are made out to, `https://` and the vaults' domain. Null: the tools of Key Vault get no token."
  type        = string
  default     = null
}

# --- Who -------------------------------------------------------------------

variable "further_tenants" {
  description = "Tenants whose users may call, beside the one that this is installed in."
  type        = list(string)
  default     = []
}

variable "tenant_applications" {
  description = "Client ids of the API's application in tenants that have one of their own for it, by tenant id; each is one of `further_tenants`. Tokens of their people are for it alone, and it exchanges them."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for tenant in keys(var.tenant_applications) : contains(var.further_tenants, tenant)])
    error_message = "Each tenant of tenant_applications must be one of further_tenants."
  }
}

variable "tenant_application_secrets" {
  description = "Whether such an application proves itself by a secret; they are the vault's secret `tenant-client-secrets`, `tenant=secret`, comma separated. Otherwise a federated credential of it trusts the function app's identity, which works for an application that is registered in the tenant of that identity."
  type        = bool
  default     = false
}

variable "oidc" {
  description = "An identity provider beside Entra ID whose people may call; they have no identity in Azure."
  type = object({
    issuer    = string
    jwks_url  = optional(string)
    tenant    = string
    audience  = string
    clients   = list(string)
    algorithm = optional(string, "RS256")
    type      = optional(string, "any")
    scope     = optional(string)
    claims    = optional(map(string), {})
    roles     = optional(map(string), {})
  })
  default = null
}

variable "new_users" {
  description = "Whoever signs in for the first time is `admitted`, or `pending` until an administrator has admitted them."
  type        = string
  default     = "admitted"

  validation {
    condition     = contains(["admitted", "pending"], var.new_users)
    error_message = "new_users must be admitted or pending."
  }
}

variable "grant_admin_consent" {
  description = "Consent for every user of this tenant to the portal and to Azure on their behalf. Takes a directory role that may do so."
  type        = bool
  default     = false
}

# --- How large -------------------------------------------------------------

variable "zone_redundant" {
  description = "Spread storage, database and instances over zones."
  type        = bool
  default     = false
}

variable "cosmos_autoscale_max" {
  description = "Upper end of the database's autoscale in RU/s, shared by its containers. Null: serverless, 5,000 RU/s per container."
  type        = number
  default     = null

  validation {
    condition     = var.cosmos_autoscale_max == null ? true : var.cosmos_autoscale_max >= 1000 && var.cosmos_autoscale_max % 1000 == 0
    error_message = "cosmos_autoscale_max must be null or a multiple of 1000."
  }
}

variable "instance_memory_mb" {
  description = "Memory of an instance. A tool server takes about 75 MB for each person whose calls it runs."
  type        = number
  default     = 2048

  validation {
    condition     = contains([512, 2048, 4096], var.instance_memory_mb)
    error_message = "instance_memory_mb must be 512, 2048 or 4096."
  }
}

variable "maximum_instances" {
  description = "Most instances of each function (all of HTTP counts as one)."
  type        = number
  default     = 40
}

variable "http_concurrency" {
  description = "Requests that one instance takes at once. An open stream of events is one of them for minutes, and idle nearly all the time."
  type        = number
  default     = 100
}

variable "always_ready" {
  description = "Instances that are kept warm, by `http` or `function:NAME`. A queue's first message after a quiet time waits for the scaler without one."
  type        = map(number)
  default     = {}
}

variable "portal_tier" {
  description = "Free or Standard (with a service level)."
  type        = string
  default     = "Free"

  validation {
    condition     = contains(["Free", "Standard"], var.portal_tier)
    error_message = "portal_tier must be Free or Standard."
  }
}

# --- How long things are kept ------------------------------------------------

variable "audit_retention_days" {
  description = "How long a signed digest of the audit can neither be changed nor removed."
  type        = number
  default     = 365
}

variable "audit_locked" {
  description = "Lock that retention. It can never be shortened again, and the account not removed before it ends."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
}

variable "log_daily_quota_gb" {
  description = "Logs beyond this are dropped until the next day: it bounds the bill, not the service."
  type        = number
  default     = 1
}

# --- What it works with ------------------------------------------------------

variable "model" {
  description = "An OpenAI-compatible model, whose key is the vault's secret `model-api-key`, and what a million tokens cost that it reads and writes (`2.5/10`). Null: the offline planner alone."
  type = object({
    base_url = string
    name     = string
    price    = optional(string)
  })
  default = null
}

variable "approval_webhooks" {
  description = "Whether channels are told of waiting approvals; their addresses are the vault's secret `approval-webhooks`."
  type        = bool
  default     = false
}

# --- Who is told -------------------------------------------------------------

variable "alert_emails" {
  description = "Who hears of alerts and of the budget."
  type        = list(string)

  validation {
    condition     = length(var.alert_emails) > 0
    error_message = "alert_emails must name somebody."
  }
}

variable "monthly_budget" {
  description = "What the resource group may cost in a month, in the subscription's currency. A warning, not a limit."
  type        = number
}

variable "budget_start" {
  description = "First day of the month that the budget begins with, such as 2026-12-01."
  type        = string

  validation {
    condition     = can(regex("^20[0-9]{2}-(0[1-9]|1[0-2])-01$", var.budget_start))
    error_message = "budget_start must be the first day of a month."
  }
}
