import http from 'node:http'

/** A steady load of GET and POST in turn. Every request that is not answered whole with 200 failed. */
export interface Load {
  sent(): number
  stop(): Promise<{ sent: number; failed: string[]; slowestMs: number }>
}

export function startLoad(
  port: number,
  host: string,
  { perSecond, limit = 200_000 }: { perSecond: number; limit?: number },
): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  const failed: string[] = []
  const open = new Set<Promise<void>>()
  let sent = 0
  let slowestMs = 0

  const send = async (): Promise<void> => {
    const method = sent % 2 === 0 ? 'GET' : 'POST'
    const number = (sent += 1)
    const startedAt = performance.now()
    try {
      await once(agent, { port, host, method, body: method === 'POST' ? `body ${number}` : '' })
    } catch (error) {
      failed.push(`${method} ${number}: ${error instanceof Error ? error.message : String(error)}`)
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedAt)
  }
  const startedAt = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond)
    while (sent < Math.min(due, limit)) {
      const request = send()
      open.add(request)
      void request.finally(() => open.delete(request))
    }
  }, 10)

  return {
    sent: () => sent,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
      return { sent, failed, slowestMs }
    },
  }
}

function once(
  agent: http.Agent,
  { port, host, method, body }: { port: number; host: string; method: string; body: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-length': Buffer.byteLength(body) }
    const options = { host: '127.0.0.1', port, path: '/', agent, method, headers, timeout: 30_000 }
    const request = http.request(options, (answer) => {
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve()
        else reject(new Error(`status ${answer.statusCode}`))
      })
      answer.resume()
    })
    request.on('timeout', () => request.destroy(new Error('no answer in 30 s')))
    request.on('error', reject)
    request.end(body)
  })
}
