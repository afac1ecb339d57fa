# The smallest form: scales to nothing, keeps little.
environment    = "dev"
monthly_budget = 50

# Tool servers of a few people at once.
instance_memory_mb = 2048
maximum_instances  = 5
