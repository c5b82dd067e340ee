import { readFileSync } from 'node:fs'
import t from 'tap'
import { controllerEndpoints } from '#contract/api.ts'
import { errors } from '#contract/error-rows.ts'
import { apiDocument } from '#scripts/api-document.ts'

t.test(
  'docs/api.json is what the contract says (else: node scripts/api-document.ts)',
  async (t) => {
    const kept = readFileSync(new URL('../../docs/api.json', import.meta.url), 'utf8')
    t.same(JSON.parse(kept), JSON.parse(apiDocument()))
  },
)

t.test('every endpoint has a path of its own, and every error it names a row', async (t) => {
  const names = controllerEndpoints.map(({ method, path }) => `${method} ${path}`)
  t.equal(new Set(names).size, names.length)
  for (const { errors: codes = [] } of controllerEndpoints) {
    for (const code of codes) t.ok(Object.hasOwn(errors, code), code)
  }
})
