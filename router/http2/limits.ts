import type { SecureServerOptions } from 'node:http2'
import { Bucket } from './bucket.ts'

/** Requests at the same time on one session; as many as nginx allows. */
const streams = 128
/** What a client may send of a body before the app has taken any of it. */
export const windowBytes = 262_144
/** The same for all streams of all sessions together; a stream beyond it is refused and may be repeated. */
export const heldBodyBytes = 268_435_456

/**
 * What a session may cost. Beyond these nghttp2 or Node ends the session itself; its own limits for
 * CONTINUATION frames, unanswered acknowledgements and resets stand behind ours.
 */
export const sessionOptions: SecureServerOptions = {
  settings: {
    maxConcurrentStreams: streams,
    initialWindowSize: windowBytes,
    maxHeaderListSize: 65_536,
    enableConnectProtocol: true,
    enablePush: false,
  },
  // Cookies come in crumbs, each of them a pair; the request's parser counts what is left.
  maxHeaderListPairs: 300,
  maxSessionMemory: 64,
  maxSettings: 32,
  maxOutstandingPings: 2,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  streamResetBurst: 1000,
  streamResetRate: 100,
  // An app may well send a field twice: what it means is between it and the client.
  strictSingleValueFields: false,
} as SecureServerOptions

/** Streams that ended by a reset (CVE-2023-44487). A browser that leaves a page resets all it has open. */
export function resetBucket(): Bucket {
  return new Bucket(4 * streams, 50)
}

/** A session that broke the protocol, or a limit of nghttp2's, in resets. */
export const faultCost = 8

/** The same of all sessions of an address, behind which there may be an office. */
export function addressResetBucket(): Bucket {
  return new Bucket(16 * streams, 200)
}

/** PING and SETTINGS: each must be answered. */
export function controlBucket(): Bucket {
  return new Bucket(100, 10)
}
