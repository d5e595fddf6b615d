const { createServer } = require("node:http");
const { hostname } = require("node:os");

const port = Number(process.env.PORT ?? 8080);
const greeting = process.env.GREETING ?? "Hello from JDOS";

const server = createServer((request, response) => {
  if (request.url === "/healthz") return response.end("ok\n");
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(`${greeting}, ${hostname()}\n`);
});

server.listen(port, () => console.log(`listening on port ${port}`));

// Requests under way are answered before the process ends.
process.on("SIGTERM", () => {
  console.log("stopping");
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
