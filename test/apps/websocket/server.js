import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const release = process.env.SLIPWAY_RELEASE ?? 'none'
const server = createServer((request, response) =>
  response.end(`websocket echo, release ${release}\n`),
)
const sockets = new WebSocketServer({ server })

sockets.on('connection', (socket) => {
  socket.send(`release ${release}`)
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.listen(process.env.PORT ?? 5000)
