# As production, smaller: what is seen here holds there.
environment    = "test"
monthly_budget = 200

instance_memory_mb = 2048
maximum_instances  = 20
portal_tier        = "Standard"
log_daily_quota_gb = 2
