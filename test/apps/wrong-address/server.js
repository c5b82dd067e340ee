import { createServer } from 'node:http'

// Only reachable from inside its own container.
createServer((request, response) => response.end('nobody reads this\n')).listen(
  process.env.PORT ?? 5000,
  '127.0.0.1',
)
