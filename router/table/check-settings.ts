import type { RouteSettings } from '#contract/route.ts'
import { networkFault } from '#router/rules/networks.ts'
import { hashFault } from '#router/rules/password.ts'

const pageLimitBytes = 65_536

/** What is wrong with the settings of a site beyond their shape, in words. No secret is repeated. */
export function settingsFault(settings: RouteSettings): string | null {
  const { maintenance_page = '', error_page = '', allow = [], auth = [], hsts = '' } = settings
  if (![maintenance_page, error_page].every((page) => Buffer.byteLength(page) <= pageLimitBytes))
    return 'a page is larger than 64 KiB'
  if (!/^[\x20-\x7e]*$/.test(hsts)) return 'hsts is not the value of a field'
  for (const entry of allow) {
    const fault = networkFault(entry)
    if (fault !== null) return fault
  }
  for (const { user, hash } of auth) {
    if (user === '' || user.includes(':')) return `"${user}" cannot be the name of a user`
    const fault = hashFault(hash)
    if (fault !== null) return `the hash of ${user} ${fault}`
  }
  return null
}
