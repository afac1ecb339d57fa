# What each installation adds to env/*.tfvars. Nothing below exists.
location             = "somewhere"
portal_location      = "elsewhere"
login_url            = "https://login.example.invalid/"
resource_manager_url = "https://management.example.invalid/"
alert_emails         = ["somebody@example.invalid"]
budget_start         = "2026-12-01"
