import { failure } from '#contract/error.ts'

/** The address of a server without a slash at its end. Throws ADDRESS_INVALID. */
export function parseServer(address: string): string {
  const text = address.includes('://') ? address : `http://${address}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') {
    throw failure('ADDRESS_INVALID', { address })
  }
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

/** True when a password sent there could be read on the way. */
export function isOpenToEavesdroppers(server: string): boolean {
  const { protocol, hostname } = new URL(server)
  const isHere = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'http:' && !isHere
}
