console.log("reading the configuration");
console.error("cannot start: DATABASE_URL is not set");
process.exit(1);
