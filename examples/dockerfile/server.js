const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");

const greeting = readFileSync(`${__dirname}/greeting.txt`, "utf8");
const port = Number(process.env.PORT);

const server = createServer((_request, response) => response.end(`${greeting}\n`));
server.listen(port, () => console.log(`listening on port ${port}`));

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
