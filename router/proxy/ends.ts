import type { Client } from './client.ts'
import type { HCode } from './entry.ts'
import type { Exchange } from './exchange.ts'
import { slowClient, slowInstance } from './reply.ts'
import type { Reply } from './reply.ts'

// How a connection from a client ends: too late, with its last answer, or at once.

/** What was awaited did not come in time. */
export function onDue(client: Client): void {
  switch (client.stage) {
    case 'head':
      return client.refuse(slowClient)
    case 'body':
      return giveUp(client, isInstanceSlow(client.exchange) ? slowInstance : slowClient)
    case 'answer':
      return giveUp(client, slowInstance)
    case 'tunnel':
      return end(client, 'close', client.goodbye?.isWanted === true ? null : 'H15')
    case 'rest':
    case 'linger':
    case 'closed':
      return client.close()
  }
}

/** Answers instead of the instance, or breaks off what it has begun to answer. */
export function giveUp(client: Client, answer: Reply): void {
  if (client.exchange?.isAnswering === true) {
    return client.abort(answer.code === 'H12' ? 'H15' : answer.code)
  }
  client.exchange?.cancel()
  client.refuse(answer)
}

/** A client that asks nothing more has nothing left for us to read: no need to wait for its end. */
export function part(client: Client): void {
  const { transport, inbox } = client
  const isAllRead = client.saidLast && client.stage === 'answer' && inbox.size === 0
  // Over TLS it has to hear that this is the end and no cut.
  if (isAllRead && transport.isFlushed && !transport.isSecure && !inbox.isBusy) client.close()
  else linger(client)
}

/** Closing with bytes unread makes a reset, which can take our answer from the client: read on. */
export function linger(client: Client): void {
  const { transport, shared } = client
  const { lingerMs, rollingMs } = shared.limits
  client.stage = 'linger'
  client.inbox.clear()
  const { isFlushed } = transport
  transport.shutDown()
  client.deadline.set(isFlushed ? lingerMs : rollingMs)
  transport.resume()
}

/** An end in order would pass a part of an answer off as the whole, if nothing else says its length. */
export function leave(client: Client): void {
  const isCut = client.exchange?.isAnswering === true || !client.transport.isFlushed
  end(client, client.stage !== 'tunnel' && isCut ? 'abort' : 'close')
}

/** Now. `code`: why the request under way ended badly. */
export function end(client: Client, how: 'close' | 'abort', code: HCode | null = null): void {
  const { stage, exchange } = client
  if (stage === 'closed') return
  client.stage = 'closed'
  client.exchange = null
  client.inbox.clear()
  client.deadline.clear()
  if (how === 'abort') client.transport.abort()
  else client.transport.close()
  if (stage === 'tunnel') exchange?.leaveTunnel()
  else exchange?.cancel()
  exchange?.conclude(code)
  client.onGone(client)
}

/** In the middle of a body: does the instance not take it, or does the client not send it? */
function isInstanceSlow(exchange: Exchange | null): boolean {
  if (exchange?.isInstanceReady !== true) return true
  return exchange.request.expectsContinue && !exchange.sawAnswer
}
