# People rely on it: warm instances, zones, audit digests that nobody can shorten
# the life of.
environment    = "prod"
monthly_budget = 1500

zone_redundant     = true
instance_memory_mb = 4096
maximum_instances  = 100

# Two each, as zones want it.
always_ready = {
  "http"                  = 2
  "function:execute-tool" = 2
  "function:advance-turn" = 2
}

# 13 % of its upper end in use, on average, is where this becomes the cheaper form.
cosmos_autoscale_max = 10000

portal_tier          = "Standard"
audit_retention_days = 2555
audit_locked         = true
log_retention_days   = 90
log_daily_quota_gb   = 10
