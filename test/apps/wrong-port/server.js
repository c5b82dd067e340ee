import { createServer } from 'node:http'

// Listens where nobody asks, whatever PORT says.
createServer((request, response) => response.end('nobody reads this\n')).listen(3999)
