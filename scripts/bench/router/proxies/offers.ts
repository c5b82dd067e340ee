import { connect } from 'node:tls'

export interface Offers {
  readonly tls: boolean
  readonly http2: boolean
}

/** What a port says to a client that speaks TLS, and would rather speak HTTP/2 over it. */
export function offers(port: number): Promise<Offers> {
  return new Promise((resolve) => {
    const options = { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false }
    const socket = connect({ ...options, ALPNProtocols: ['h2', 'http/1.1'] })
    socket.once('secureConnect', () => {
      resolve({ tls: true, http2: socket.alpnProtocol === 'h2' })
      socket.destroy()
    })
    socket.once('error', () => resolve({ tls: false, http2: false }))
  })
}
