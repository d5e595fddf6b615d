const { createServer } = require("node:http");
const { hostname } = require("node:os");

const port = Number(process.env.PORT);
let answered = 0;

const server = createServer((_request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(`${JSON.stringify({ from: hostname(), answered: ++answered })}\n`);
});
server.listen(port, () => console.log(`listening on port ${port}`));

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
