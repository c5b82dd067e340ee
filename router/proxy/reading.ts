import { admit } from './admit.ts'
import type { Admission } from './admit.ts'
import { LF } from './bytes.ts'
import type { Client } from './client.ts'
import { end, giveUp, linger } from './ends.ts'
import { Exchange } from './exchange.ts'
import { headLimitBytes, incomplete, whole } from './head.ts'
import type { Inbox } from './inbox.ts'
import { refusal, reply, tooLarge } from './reply.ts'
import type { Reply } from './reply.ts'
import { parseRequestHead, RequestHead, skipEmptyLines } from './request-head.ts'
import { joinBody, readRequest } from './request.ts'

// How requests are read off a connection: head, admission, body. What cannot be taken now is kept.

const head = new RequestHead()

/** Takes what can be taken now and returns the offset after it; the same offset: nothing can. */
export function take(client: Client, bytes: Buffer, at: number): number {
  switch (client.stage) {
    case 'rest':
    case 'head':
      return mayTake(client) ? readHead(client, bytes, at) : at
    case 'body':
      return mayTake(client) ? readBody(client, bytes, at) : at
    case 'answer':
      return at
    case 'tunnel':
      return passOn(client, bytes, at)
    case 'linger':
    case 'closed':
      return bytes.length
  }
}

/** Goes on with what was kept. */
export function readOn(client: Client): void {
  client.inbox.retry()
  settleEnd(client)
}

/** The client writes no more: what it began and can no longer finish is over. */
export function settleEnd(client: Client): void {
  const { stage, inbox } = client
  if (!client.hasEnded || inbox.isBusy || (inbox.size > 0 && !mayTake(client))) return
  if (stage === 'rest' || stage === 'head') linger(client)
  else if (stage === 'body') end(client, 'close', 'H27')
}

/** A part of a head that cannot become whole with these bytes is not parsed again. */
export function isStillPartial(added: Buffer, inbox: Inbox): boolean {
  return !added.includes(LF) && inbox.size + added.length < headLimitBytes / 2
}

/** Reads on only as far as somebody takes it; of requests sent ahead, so much as may be kept. */
export function updateReading(client: Client): void {
  const { stage, transport, inbox } = client
  const mayKeep = stage === 'answer' && inbox.size < client.shared.limits.stashBytes
  if (mayKeep || mayTake(client)) transport.resume()
  else transport.pause()
}

/** Whether somebody takes what comes next. */
function mayTake({ stage, transport, exchange }: Client): boolean {
  switch (stage) {
    case 'rest':
    case 'head':
      return !transport.isCongested
    case 'body':
    case 'tunnel':
      return exchange?.isInstanceReady === true
    case 'answer':
      return false
    case 'linger':
    case 'closed':
      return true
  }
}

function readHead(client: Client, bytes: Buffer, from: number): number {
  const at = skipEmptyLines(bytes, from)
  if (at === bytes.length) return at
  const verdict = parseRequestHead(head, bytes, at)
  if (verdict === whole) return begin(client, bytes, at)
  if (verdict === incomplete) {
    if (client.stage === 'rest') client.deadline.set(client.shared.limits.headMs)
    client.stage = 'head'
    return at
  }
  client.refuse(refusal(verdict))
  return bytes.length
}

/** A request whose head was just read; what came of its body along with it goes out with it. */
function begin(client: Client, bytes: Buffer, start: number): number {
  const { body, peer, shared } = client
  const exchange = openExchange(client, bytes)
  const bodyStart = head.end
  body.beginRequest(head)
  const admission = admit(exchange, { head, bytes, start, peer }, shared)
  const bodyEnd = joinBody(exchange.request, body, bytes, bodyStart)
  client.stage = body.isDone ? 'answer' : 'body'
  if (bodyEnd < 0) {
    client.refuse(reply(400))
    return bytes.length
  }
  goOnWith(client, exchange, admission)
  return bodyEnd
}

function openExchange(client: Client, bytes: Buffer): Exchange {
  const request = readRequest(head, bytes, client.peer.hostOf(head, bytes))
  if (head.saysClose || head.minor === 0) client.closes = client.saidLast = true
  return (client.exchange = new Exchange(client, request, client.shared))
}

function goOnWith(client: Client, exchange: Exchange, admission: Admission): void {
  if (admission === null) return exchange.assign()
  if (!(admission instanceof Promise)) return client.refuse(admission)
  client.deadline.set(client.shared.limits.headMs)
  const goOn = (answer: Reply | null): void => {
    if (exchange.isOver) return
    goOnWith(client, exchange, answer)
    updateReading(client)
  }
  admission.then(goOn).catch(client.shared.onBug)
}

function readBody(client: Client, bytes: Buffer, at: number): number {
  const { body, deadline, limits } = client
  const bodyEnd = body.take(bytes, at)
  if (bodyEnd < 0) client.abort('H27')
  else if (client.exchange?.sendBody(bytes, at, bodyEnd) === false) giveUp(client, tooLarge)
  // It was given up: nothing of what follows is asked for.
  if (client.stage !== 'body') return bytes.length
  deadline.set(body.isDone ? limits.firstByteMs : limits.bodyIdleMs)
  if (!body.isDone) return bodyEnd
  client.stage = 'answer'
  client.transport.rest()
  return bodyEnd
}

function passOn(client: Client, bytes: Buffer, at: number): number {
  client.deadline.set(client.limits.rollingMs)
  client.exchange?.upstream?.writeBytes(bytes, at, bytes.length)
  return bytes.length
}
