/**
 * Reads `.env` in the working folder, as fastify-cli does for the server (env-loader.js): what is set already wins,
 * and a file that is missing counts for nothing. Every tool that is configured imports this first, to act on the server's own values.
 */
try {
  process.loadEnvFile()
} catch {
  // As in fastify-cli; Node.js before 20.12 cannot read one, and then neither does the server.
}
