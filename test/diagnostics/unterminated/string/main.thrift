const string A = "never closed
