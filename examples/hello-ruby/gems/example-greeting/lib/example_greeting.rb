def greeting = ENV.fetch("GREETING", "Hello from Ruby")
